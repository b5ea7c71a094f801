select id, topic, partition, position, headers, code, message, source, received, state, note, length(bytes) as size,
  record_key, bytes
from dead_letter where id = $1
