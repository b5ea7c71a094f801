-- A commit that was answered must be on the disk; nobody waits for a lock or an idle transaction for ever.
select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
set lock_timeout = '10s';
set statement_timeout = '60s';
set idle_in_transaction_session_timeout = '60s';
set default_transaction_isolation = 'read committed'
