insert into case_event (case_id, version, at, doc)
select value ->> 'case', cast(value ->> 'version' as bigint), cast(value ->> 'at' as bigint), value ->> 'doc'
from json_array_elements(cast($1 as json)) as item (value)
