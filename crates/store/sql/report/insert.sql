insert into report (source, id, content, state, at) values ($1, $2, $3, 'pending', $4)
on conflict (source, id) do nothing
