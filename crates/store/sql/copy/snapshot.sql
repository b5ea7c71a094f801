-- Everything below is seen as it was at the first question. A copy takes as long as it takes: none of the bounds of a
-- session at work hold for it, except that it waits for no lock for ever.
begin isolation level repeatable read, read only;
set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = 0;
set local lock_timeout = '10s'
