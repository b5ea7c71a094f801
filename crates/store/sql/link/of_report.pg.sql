-- One look into an index for each row that is asked for, however little is known of the table: a plan made while it was empty is kept.
select found.*
from (values ($1, $2)) as wanted
cross join lateral (
  select source, id, case_id from case_report where source = wanted.column1 and id = wanted.column2 limit 1
) as found
