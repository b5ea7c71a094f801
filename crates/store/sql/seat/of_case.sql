select id, case_id, ordinal, unit, role, competence, state, changed, held from seat where case_id = $1 order by ordinal
