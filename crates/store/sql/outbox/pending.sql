select count(*) as count, min(outbox.created) as oldest
from outbox left join destination on destination.name = outbox.destination
where outbox.publish_no is null or outbox.publish_no > coalesce(destination.cursor_no, 0)
