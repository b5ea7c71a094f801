-- No row: another owner has the partition, or this batch is committed already.
update log_partition set next_offset = $4 where partition = $1 and epoch = $2 and next_offset = $3
