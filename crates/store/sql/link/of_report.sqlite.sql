select source, id, case_id
from (values ($1, $2)) as wanted
cross join case_report on source = wanted.column1 and id = wanted.column2
