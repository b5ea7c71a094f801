select name, cursor_no, moved, attempts, retry_at, last_error from destination order by name
