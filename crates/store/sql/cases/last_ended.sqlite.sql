select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
  overdue, wants_seat, rank, turn, lon, lat, search, doc
from (values ($1, $2)) as wanted
cross join cases on cases.id = (
  select ended.id from cases as ended
  where ended.kind = wanted.column1 and ended.subject = wanted.column2 and ended.live is null
  order by ended.changed desc, ended.id limit 1
)
