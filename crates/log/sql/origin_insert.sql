insert into origin (format, generation, prefix, partitions) values ($1, $2, $3, $4)
