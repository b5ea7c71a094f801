select version, rulebook, catalogue, by_whom, at, ready from config_version
where ready = 1 or $1 = 0
order by version desc limit 1
