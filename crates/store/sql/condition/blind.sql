-- Blindness changes no state: a condition that nobody has heard of yet is unknown.
insert into condition
  (id, rule, subject, place, state, since, blind, blind_since, partition, position, rule_version, kind, severity, grid,
   blind_doc)
values ($1, $2, $3, $4, 'unknown', $5, $6, $5, $7, $8, $9, $10, $11, $12, $13)
on conflict (id) do update set
  blind = excluded.blind, blind_since = excluded.blind_since, partition = excluded.partition,
  position = excluded.position, blind_doc = excluded.blind_doc
