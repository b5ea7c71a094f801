insert into seat (id, case_id, ordinal, unit, role, competence, state, changed, held)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (id) do update set
  unit = excluded.unit, state = excluded.state, changed = excluded.changed, held = excluded.held
where seat.case_id = excluded.case_id
