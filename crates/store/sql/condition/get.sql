select id, rule, subject, place, state, blind, since, blind_since, episode, partition, position, rule_version, kind,
  severity, grid, doc, blind_doc
from condition
where id = $1
