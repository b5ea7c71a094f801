-- Only what its destination has had.
delete from outbox
where created < $1 and publish_no <= (select cursor_no from destination where name = outbox.destination)
