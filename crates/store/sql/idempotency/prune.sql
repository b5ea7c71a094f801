delete from idempotency where expires <= $1
