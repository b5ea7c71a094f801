-- The epoch rises with every taking, also by the same owner after a restart.
update log_partition set owner = $2, epoch = epoch + 1, lease_until = $3
where partition = $1 and (owner is null or owner = $2 or lease_until <= $4)
returning epoch, next_offset, (select generation from log_identity where one = 1) as generation
