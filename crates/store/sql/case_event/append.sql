insert into case_event (case_id, version, at, doc) values ($1, $2, $3, $4)
