insert into checkpoint (partition, position, at, checksum, bytes) values ($1, $2, $3, $4, $5)
on conflict (partition, position) do update set at = excluded.at, checksum = excluded.checksum, bytes = excluded.bytes
