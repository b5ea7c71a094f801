insert into seat (id, case_id, ordinal, unit, role, competence, state, changed, held)
select value ->> 'id', $2, cast(value ->> 'ordinal' as bigint), value ->> 'unit', value ->> 'role',
  value ->> 'competence', value ->> 'state', cast(value ->> 'changed' as bigint), case value ->> 'held' when 'true' then 1 else 0 end
from json_array_elements(cast($1 as json)) as item (value)
on conflict (id) do update set
  unit = excluded.unit, state = excluded.state, changed = excluded.changed, held = excluded.held
where seat.case_id = excluded.case_id
