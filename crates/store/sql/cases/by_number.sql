select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from cases
where number = $1 and ($2 is null or jurisdiction = $2)
order by filed desc limit 1
