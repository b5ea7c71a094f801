select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from cases
where kind = $1 and subject = $2 and live is null
order by changed desc, id limit 1
