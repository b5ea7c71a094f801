select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from cases
where kind = $1 and live = 1 and lat between $2 and $3 and lon between $4 and $5
order by filed desc, id limit $6
