select id, media_type, bytes, path, uploaded_by, at from media where id = $1
