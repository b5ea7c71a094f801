select id, topic, partition, position, original_topic, original_partition, original_offset, headers, code, message, fault, received,
  state, note, length(bytes) as size
from dead_letter
where ($1 is null or id < $1)
  and ($2 is null or original_topic = $2)
  and ($3 is null or code = $3)
  and ($4 is null or state = $4)
order by id desc limit $5
