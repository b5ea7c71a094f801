update outbox set publish_no = $1 + numbered.ordinal
from (
  select id, row_number() over (order by id) as ordinal
  from outbox where publish_no is null order by id limit $2
) as numbered
where outbox.id = numbered.id
