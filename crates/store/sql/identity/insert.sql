insert into log_identity (one, profile, cluster, topics, generation, partitions) values (1, $1, $2, $3, $4, $5)
on conflict (one) do nothing
