select publish_no, destination, ordering_key, effect, body, created, not_after
from outbox where publish_no > $1 and destination in ($2, $3, $4)
order by publish_no limit $5
