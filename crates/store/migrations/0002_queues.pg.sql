-- Rows in the order of their insertion. The databases make such ids in different words.

-- What committed work has to do outside. The id is an order of insertion and never a cursor: a smaller id may commit
-- later. Publish numbers are given to what is visible, under the lease `publish`, in the order of ids.
create table outbox (
  id bigint generated always as identity primary key,
  destination text not null,
  ordering_key text not null,
  effect text,
  body text not null,
  created bigint not null,
  not_after bigint,
  publish_no bigint
);
create unique index outbox_effect on outbox (destination, effect) where effect is not null;
create index outbox_unnumbered on outbox (id) where publish_no is null;
create unique index outbox_number on outbox (publish_no) where publish_no is not null;
create index outbox_destination on outbox (destination, publish_no);
create index outbox_created on outbox (created);

-- What could not be read, with its own bytes: a copy of the dead-letter topics that people can look at and act on, each
-- letter once.
create table dead_letter (
  id bigint generated always as identity primary key,
  topic text not null,
  partition bigint not null,
  position bigint not null,
  original_topic text not null,
  original_partition bigint,
  original_offset bigint,
  record_key bytea,
  bytes bytea not null,
  headers text not null,
  code text not null,
  message text not null,
  received bigint not null,
  state text not null,
  note text
);
create unique index dead_letter_position on dead_letter (topic, partition, position);
create index dead_letter_state on dead_letter (state, id);

-- Who looked at which evidence, and why. Append-only.
create table viewing (
  id bigint generated always as identity primary key,
  evidence text not null,
  who text not null,
  case_id text,
  reason text not null,
  at bigint not null
);
create index viewing_evidence on viewing (evidence, id);
