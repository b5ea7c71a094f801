insert into vault (ref, doc, at) values ($1, $2, $3) on conflict (ref) do nothing
