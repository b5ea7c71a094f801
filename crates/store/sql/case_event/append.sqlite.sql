insert into case_event (case_id, version, at, doc)
select value ->> 'case', value ->> 'version', value ->> 'at', value ->> 'doc'
from json_each($1)
