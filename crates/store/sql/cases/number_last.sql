-- The number dealt last; whoever deals holds the row until they have committed.
insert into counter (name, value) values ($1, 0)
on conflict (name) do update set value = counter.value
returning value
