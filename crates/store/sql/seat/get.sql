select id, case_id, ordinal, unit, role, competence, state, changed, held from seat where id = $1
