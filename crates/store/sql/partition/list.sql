select partition, owner, epoch, lease_until, next_offset from log_partition order by partition
