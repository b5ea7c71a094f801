select case_id, version, at, doc from case_event where case_id = $1 and version > $2 order by version limit $3
