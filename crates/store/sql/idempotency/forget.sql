delete from idempotency where caller = $1 and idem_key = $2 and status is null
