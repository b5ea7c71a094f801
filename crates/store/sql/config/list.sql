select version, by_whom, at, ready from config_version order by version
