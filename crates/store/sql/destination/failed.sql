update destination set attempts = attempts + 1, retry_at = $3, last_error = $4
where name = $1 and cursor_no = $2
