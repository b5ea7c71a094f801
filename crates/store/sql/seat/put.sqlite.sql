insert into seat (id, case_id, ordinal, unit, role, competence, state, changed, held)
select value ->> 'id', $2, value ->> 'ordinal', value ->> 'unit', value ->> 'role',
  value ->> 'competence', value ->> 'state', value ->> 'changed', value ->> 'held'
from json_each($1)
where true
on conflict (id) do update set
  unit = excluded.unit, state = excluded.state, changed = excluded.changed, held = excluded.held
where seat.case_id = excluded.case_id
