update log_partition set lease_until = $4 where partition = $1 and owner = $2 and epoch = $3
