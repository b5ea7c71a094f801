select partition, owner, epoch, lease_until, next_offset from log_partition where partition = $1
