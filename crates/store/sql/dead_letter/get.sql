select id, topic, partition, position, original_topic, original_partition, original_offset, headers, code, message, fault, received,
  state, note, length(bytes) as size,
  record_key, bytes
from dead_letter where id = $1
