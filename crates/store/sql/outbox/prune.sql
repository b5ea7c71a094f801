-- Only what its destination has had, the oldest first.
delete from outbox where id in (
  select id from outbox
  where created < $1 and publish_no <= (select cursor_no from destination where name = outbox.destination)
  order by created limit $2
)
