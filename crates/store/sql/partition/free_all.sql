update log_partition set owner = null, lease_until = 0
