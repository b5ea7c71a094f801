-- In the order of the list. An effect that is there already is not there twice.
insert into outbox (destination, ordering_key, effect, body, created, not_after)
select value ->> 'destination', value ->> 'ordering_key', value ->> 'effect', value ->> 'body',
  cast(value ->> 'created' as bigint), cast(value ->> 'not_after' as bigint)
from json_array_elements(cast($1 as json)) with ordinality as item (value, ordinal)
order by ordinal
on conflict do nothing
