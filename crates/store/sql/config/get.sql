select version, rulebook, catalogue, by_whom, at, ready from config_version where version = $1
