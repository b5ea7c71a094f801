insert into condition
  (id, rule, subject, place, state, since, episode, partition, position, rule_version, kind, severity, grid, doc)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
on conflict (id) do update set
  state = excluded.state, since = excluded.since, episode = excluded.episode, partition = excluded.partition,
  position = excluded.position, rule_version = excluded.rule_version, kind = excluded.kind,
  severity = excluded.severity, grid = excluded.grid, doc = excluded.doc
