-- A commit that was answered must be on the disk; nobody waits for a lock for ever, nor for longer than a lease lasts for a
-- process that fell asleep in a transaction and holds the rows that others would take over.
select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
set lock_timeout = '10s';
set statement_timeout = '60s';
set idle_in_transaction_session_timeout = '10s';
set default_transaction_isolation = 'read committed'
