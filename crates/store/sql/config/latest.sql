select version, rulebook, catalogue, by_whom, at from config_version order by version desc limit 1
