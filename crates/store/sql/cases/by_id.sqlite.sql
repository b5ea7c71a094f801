select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from (values ($1)) as wanted
cross join cases on cases.id = wanted.column1
