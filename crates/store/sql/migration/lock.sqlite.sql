-- The write transaction itself is the lock.
select 1
