select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding
