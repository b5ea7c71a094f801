-- What a new session would begin with, whatever ours has set for itself, and how full the house is.
select name, reset_val as value from pg_settings
where name in ('synchronous_commit', 'fsync', 'full_page_writes', 'max_connections', 'superuser_reserved_connections')
union all select 'connections', cast(count(*) as text) from pg_stat_activity where backend_type = 'client backend'
union all select 'standby', case when pg_is_in_recovery() then 'on' else 'off' end
