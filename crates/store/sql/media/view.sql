insert into viewing (evidence, who, case_id, reason, at) values ($1, $2, $3, $4, $5)
