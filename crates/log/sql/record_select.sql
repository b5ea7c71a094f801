select position, timestamp_us, key, headers, payload from record
where lane = $1 and position >= $2 order by position limit $3
