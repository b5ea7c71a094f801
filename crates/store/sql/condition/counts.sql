select rule, state, blind, count(*) as count from condition group by rule, state, blind order by rule, state, blind
