insert into skipped_record (partition, position, reason, at) values ($1, $2, $3, $4)
on conflict (partition, position) do nothing
