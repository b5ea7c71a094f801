select version from config_version order by version
