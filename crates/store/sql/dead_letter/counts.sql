select original_topic, code, state, count(*) as letters
from dead_letter group by original_topic, code, state order by original_topic, code, state
