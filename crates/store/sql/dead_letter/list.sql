select id, topic, partition, position, headers, code, message, source, received, state, note, length(bytes) as size
from dead_letter
where ($1 is null or id < $1)
  and ($2 is null or topic = $2)
  and ($3 is null or code = $3)
  and ($4 is null or source = $4)
  and ($5 is null or state = $5)
order by id desc limit $6
