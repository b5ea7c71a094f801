select rule, state, blind, count(*) as conditions from condition group by rule, state, blind order by rule, state, blind
