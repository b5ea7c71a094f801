-- The first condition holds for the row as it is: a key that somebody has claimed anew meanwhile stays.
delete from idempotency where expires <= $1 and (caller, idem_key) in (
  select caller, idem_key from idempotency where expires <= $1 order by expires limit $2
)
