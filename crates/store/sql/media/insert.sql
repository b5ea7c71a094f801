insert into media (id, media_type, bytes, path, uploaded_by, at) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do nothing
