-- One day of the log. Offsets go on from the day before: `lane.first` is where this day begins.
create table origin (
  format integer not null,
  generation text not null,
  prefix text not null,
  partitions integer not null
) strict;

create table lane (
  id integer primary key,
  topic text not null,
  partition integer not null,
  first integer not null,
  unique (topic, partition)
) strict;

-- Rows lie in the order of their writing; the index finds a lane's own.
create table record (
  id integer primary key,
  lane integer not null,
  position integer not null,
  timestamp_us integer not null,
  key blob,
  headers blob,
  payload blob not null,
  unique (lane, position)
) strict;
