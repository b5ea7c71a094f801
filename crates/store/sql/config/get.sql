select version, rulebook, catalogue, by_whom, at from config_version where version = $1
