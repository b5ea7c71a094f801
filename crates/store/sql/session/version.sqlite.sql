select sqlite_version() as version, 'UTF8' as encoding
