select version from config_version where ready = 1 order by version desc limit 1
