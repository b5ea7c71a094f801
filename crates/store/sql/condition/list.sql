select id, rule, subject, place, state, blind, since, blind_since, episode, partition, position, rule_version, kind,
  severity, grid, doc, blind_doc
from condition
where ($1 is null or id > $1)
  and ($2 is null or place = $2)
  and ($3 is null or rule = $3)
  and ($4 is null or state = $4)
  and ($5 is null or blind = $5)
order by id limit $6
