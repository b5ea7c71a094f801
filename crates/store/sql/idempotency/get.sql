select request, status, body from idempotency where caller = $1 and idem_key = $2
