select publish_no, destination, ordering_key, effect, body, created, not_after
from outbox where destination = $1 and publish_no > $2
order by publish_no limit $3
