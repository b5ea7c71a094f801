update config_version set ready = 1 where version = $1
