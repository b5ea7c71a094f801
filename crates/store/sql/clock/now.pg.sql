-- The database's clock; the caller's is not asked.
select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) + $1 * 0 as now
