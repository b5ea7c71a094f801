-- $1..$3 are the last row of the page before.
select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from cases
where wants_seat = 1 and (rank, turn, id) > ($1, $2, $3)
order by rank, turn, id limit $4
