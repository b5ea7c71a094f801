insert into counter (name, value) values ('publish', 0)
on conflict (name) do update set value = counter.value
returning value
