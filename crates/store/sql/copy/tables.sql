select cast(tablename as text) from pg_tables where schemaname = current_schema() order by tablename
