select count(*) from sqlite_schema where name = 'origin'
