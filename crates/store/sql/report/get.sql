select source, id, content, state, case_id, reason, at from report where source = $1 and id = $2
