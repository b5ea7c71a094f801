insert into dead_letter
  (topic, partition, position, original_topic, original_partition, original_offset, record_key, bytes, headers, code,
   message, received, fault, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open')
on conflict do nothing
