create table if not exists migration (
  version bigint primary key,
  name text not null,
  checksum text not null,
  at bigint not null
)
