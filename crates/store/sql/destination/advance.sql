update destination set cursor_no = $3, moved = $4, attempts = 0, retry_at = 0, last_error = null
where name = $1 and cursor_no = $2
