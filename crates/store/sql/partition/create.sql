insert into log_partition (partition) values ($1) on conflict (partition) do nothing
