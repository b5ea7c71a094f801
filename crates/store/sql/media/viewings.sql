select evidence, who, case_id, reason, at from viewing where evidence = $1 order by id desc limit $2
