select id, evidence, who, case_id, reason, at from viewing where evidence = $1 and id > $2 order by id limit $3
