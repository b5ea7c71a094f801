select next_offset from log_partition order by partition
