update log_partition set owner = null, lease_until = 0 where partition = $1 and owner = $2 and epoch = $3
