-- Rows came with their ids; what comes next goes on behind the greatest of them.
select
  setval(pg_get_serial_sequence('outbox', 'id'), coalesce((select max(id) from outbox), 0) + 1, false),
  setval(pg_get_serial_sequence('dead_letter', 'id'), coalesce((select max(id) from dead_letter), 0) + 1, false),
  setval(pg_get_serial_sequence('viewing', 'id'), coalesce((select max(id) from viewing), 0) + 1, false)
