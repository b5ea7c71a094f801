-- The schema is the design: who may write what, once, is held here and not by good manners.
-- Palette: text, bigint, bytea. Times are microseconds since 1970, yes and no are 1 and 0, positions are ten-millionths
-- of a degree. Columns are what rows are found by; what they mean is JSON in `doc`, versioned by crates/wire.

-- Configuration: immutable versions. Admit uses a version only when it is ready: every partition of the log has it.
create table config_version (
  version bigint primary key,
  rulebook text not null,
  catalogue text not null,
  by_whom text not null,
  at bigint not null,
  ready bigint not null default 0
);

-- The one log that the offsets below belong to. Offsets are never used on another.
create table log_identity (
  one bigint primary key check (one = 1),
  profile text not null,
  cluster text not null,
  topics text not null,
  generation text not null,
  partitions bigint not null
);

-- One row a partition: who may write its results, and how far they go. Every transaction that holds results compares
-- epoch and next_offset, so an owner that was overtaken can do no harm.
create table log_partition (
  partition bigint primary key,
  owner text,
  epoch bigint not null default 0,
  lease_until bigint not null default 0,
  next_offset bigint not null default 0
);

-- How far other topics have been taken in: intake, and foreign ones by mapping.
create table source_offset (
  name text primary key,
  next_offset bigint not null
);

-- Records that cannot be watched: part of the input of every replay.
create table skipped_record (
  partition bigint not null,
  position bigint not null,
  reason text not null,
  at bigint not null,
  primary key (partition, position)
);

create table checkpoint (
  partition bigint not null,
  position bigint not null,
  at bigint not null,
  checksum text not null,
  bytes bytea not null,
  primary key (partition, position)
);

-- Work that one process at a time does: dispatch, publish, ticks. The epoch rises with every taking.
create table lease (
  name text primary key,
  owner text,
  epoch bigint not null,
  lease_until bigint not null
);

-- Processes that are there, by role: how partitions are shared out fairly.
create table member (
  role text not null,
  owner text not null,
  lease_until bigint not null,
  primary key (role, owner)
);

-- Numbers dealt out one by one, inside the transaction that uses them.
create table counter (
  name text primary key,
  value bigint not null
);

-- What the watch believes, as of the offset it was written with. Only a transaction that moves its partition's offset
-- writes here.
create table condition (
  id text primary key,
  rule text not null,
  subject text not null,
  place text,
  state text not null,
  blind bigint not null default 0,
  since bigint not null,
  blind_since bigint,
  episode text,
  partition bigint not null,
  position bigint not null,
  rule_version bigint not null,
  kind text,
  severity bigint,
  grid text,
  doc text,
  blind_doc text,
  unique (rule, subject)
);
create index condition_place on condition (place);
create index condition_state on condition (state, id);
create index condition_partition on condition (partition);

-- Cases. A row is a projection of its journal; version is the journal's length.
create table cases (
  id text primary key,
  number text not null,
  jurisdiction text not null,
  kind text not null,
  subject text not null,
  grid text,
  state text not null,
  outcome text,
  live bigint check (live = 1),
  severity bigint not null,
  version bigint not null,
  filed bigint not null,
  changed bigint not null,
  next_due bigint,
  overdue bigint not null,
  wants_seat bigint not null,
  -- The order of the queue, all ascending: live before ended, then by harm (rank); live by what falls due first, ended by
  -- what ended last (turn).
  rank bigint not null,
  turn bigint not null,
  lon bigint,
  lat bigint,
  search text not null,
  doc text not null
);
-- At most one live case of a kind and subject, whoever opens it. `live` is null once it has ended.
create unique index case_live on cases (kind, subject) where live = 1;
create index case_ended on cases (kind, subject, changed);
create index case_queue on cases (rank, turn, id);
create index case_due on cases (next_due) where next_due is not null;
create index case_wants on cases (rank, turn, id) where wants_seat = 1;
create index case_near on cases (kind, lat) where live = 1;
create index case_number on cases (number);

-- Journals: append-only, no number twice.
create table case_event (
  case_id text not null references cases (id),
  version bigint not null,
  at bigint not null,
  doc text not null,
  primary key (case_id, version)
);

create table seat (
  id text primary key,
  case_id text not null references cases (id),
  ordinal bigint not null,
  unit text,
  role text not null,
  competence text not null,
  state text not null,
  changed bigint not null,
  -- 1 while a unit is asked or at work on it: what counts as its load.
  held bigint not null
);
create index seat_case on seat (case_id, ordinal);
create index seat_load on seat (unit) where held = 1;
create index seat_unit on seat (unit, case_id);

-- An episode belongs to one case, a report to one case.
create table case_episode (
  episode text primary key,
  case_id text not null references cases (id)
);
create index case_episode_case on case_episode (case_id);

create table case_report (
  source text not null,
  id text not null,
  case_id text not null references cases (id),
  primary key (source, id)
);
create index case_report_case on case_report (case_id);

-- Reports by (source, id): the same content again is a duplicate, another an amendment.
create table report (
  source text not null,
  id text not null,
  content text not null,
  state text not null,
  case_id text,
  reason text,
  at bigint not null,
  primary key (source, id)
);

-- Personal data, by reference. Nothing else in this schema or in any topic holds it.
create table vault (
  ref text primary key,
  doc text not null,
  at bigint not null
);

create table media (
  id text primary key,
  media_type text not null,
  bytes bigint not null,
  path text not null,
  uploaded_by text not null,
  at bigint not null
);

-- How far each destination has got in the publish numbers, and how it fares.
create table destination (
  name text primary key,
  cursor_no bigint not null default 0,
  moved bigint not null default 0,
  attempts bigint not null default 0,
  retry_at bigint not null default 0,
  last_error text
);

-- Answers kept for a repeated request. A row without an answer is a request still at work.
create table idempotency (
  caller text not null,
  idem_key text not null,
  request text not null,
  status bigint,
  body text,
  expires bigint not null,
  primary key (caller, idem_key)
);
create index idempotency_expires on idempotency (expires);

-- Links of the field page: only the hash of the token is kept. Bound once, to one device and one named person.
create table seat_token (
  hash text primary key,
  seat text not null,
  case_id text not null,
  device text,
  person text,
  created bigint not null,
  bound bigint,
  revoked bigint
);
create index seat_token_seat on seat_token (seat);
