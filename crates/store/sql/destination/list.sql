select name, publish_no, attempts, retry_at, last_error from destination order by name
