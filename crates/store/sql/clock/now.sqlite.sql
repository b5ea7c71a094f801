-- One process: the caller's clock is the only one.
select $1 as now
