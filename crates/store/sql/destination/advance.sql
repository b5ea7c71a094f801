update destination set publish_no = $3, attempts = 0, retry_at = 0, last_error = null
where name = $1 and publish_no = $2
