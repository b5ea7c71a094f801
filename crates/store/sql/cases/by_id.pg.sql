-- One look into an index for each row that is asked for, however little is known of the table: a plan made while it was empty is kept.
select found.*
from (values ($1)) as wanted
cross join lateral (
  select id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
    overdue, wants_seat, rank, turn, lon, lat, search, doc
  from cases
  where cases.id = wanted.column1
  limit 1
) as found
