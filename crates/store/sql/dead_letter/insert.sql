insert into dead_letter
  (topic, partition, position, record_key, bytes, headers, code, message, source, received, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open')
on conflict do nothing
returning id
