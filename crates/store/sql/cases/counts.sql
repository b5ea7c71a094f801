select kind, state, count(*) as count from cases where live = 1 group by kind, state order by kind, state
