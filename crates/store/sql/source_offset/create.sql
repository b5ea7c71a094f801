insert into source_offset (name, next_offset) values ($1, $2) on conflict (name) do nothing
