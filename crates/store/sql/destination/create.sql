insert into destination (name) values ($1) on conflict (name) do nothing
