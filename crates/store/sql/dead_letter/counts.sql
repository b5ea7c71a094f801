select topic, code, state, count(*) as count from dead_letter group by topic, code, state order by topic, code, state
