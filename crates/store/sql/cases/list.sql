-- $4..$6 are the last row of the page before. $12 is a list of cells, each between two separators ($13): a list holds a
-- cell if it is another list without it.
select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from cases
where ($1 is null or state = $1)
  and ($2 is null or kind = $2)
  and ($3 is null or (live = 1 and $3 = 1) or (live is null and $3 = 0))
  and ($4 is null or (rank, turn, id) > ($4, $5, $6))
  and ($7 is null or exists (select 1 from seat where seat.case_id = cases.id and seat.unit = $7))
  and ($8 is null or case when live = 1 and (overdue = 1 or next_due <= $8) then 1 else 0 end = $15)
  and ($9 is null or search like $9 escape '!')
  and ($10 is null or jurisdiction = $10)
  and ($11 is null or subject = $11)
  and ($12 is null or replace($12, $13 || grid || $13, '') <> $12)
order by rank, turn, id limit $14
