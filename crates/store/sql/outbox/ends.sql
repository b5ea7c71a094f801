-- The oldest number that is still there and the newest that was given.
select coalesce((select min(publish_no) from outbox where publish_no is not null), 0) as first,
  coalesce((select value from counter where name = 'publish'), 0) as last
