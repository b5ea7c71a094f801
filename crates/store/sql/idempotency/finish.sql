update idempotency set status = $4, body = $5, expires = $6
where caller = $1 and idem_key = $2 and request = $3 and status is null
