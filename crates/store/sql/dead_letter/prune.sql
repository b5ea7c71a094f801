delete from dead_letter where id in (
  select id from dead_letter where state <> 'open' and received < $1 order by received limit $2
)
