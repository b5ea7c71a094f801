-- A key that has run out is free again, and so is one whose request was never answered: it was left by an older program
-- that claimed it apart from its work and died.
insert into idempotency (caller, idem_key, request, expires) values ($1, $2, $3, $4)
on conflict (caller, idem_key) do update set
  request = excluded.request, status = null, body = null, expires = excluded.expires
where idempotency.expires <= $5 or idempotency.status is null
