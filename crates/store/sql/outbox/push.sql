-- In the order of the list. An effect that is there already is not there twice.
insert into outbox (destination, ordering_key, effect, body, created, not_after) values ($1, $2, $3, $4, $5, $6)
on conflict do nothing
