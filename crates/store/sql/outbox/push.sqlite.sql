-- In the order of the list. An effect that is there already is not there twice.
insert into outbox (destination, ordering_key, effect, body, created, not_after)
select value ->> 'destination', value ->> 'ordering_key', value ->> 'effect', value ->> 'body',
  value ->> 'created', value ->> 'not_after'
from json_each($1)
where true
order by key
on conflict do nothing
