select count(*) from sqlite_schema where name = 'migration'
