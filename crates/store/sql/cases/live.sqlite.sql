select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from (values ($1, $2)) as wanted
cross join cases on kind = wanted.column1 and subject = wanted.column2 and live = 1
