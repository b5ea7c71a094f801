-- Two programs that migrate at once go one after the other.
select pg_advisory_xact_lock(7310579604)
