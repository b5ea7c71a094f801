select name, cursor_no, moved, attempts, retry_at, last_error from destination where name = $1
