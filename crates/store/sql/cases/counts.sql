select kind, state, count(*) as cases, cast(sum(overdue) as bigint) as overdue from cases where live = 1 group by kind, state order by kind, state
