select unit, count(distinct case_id) as cases from seat where held = 1 and unit is not null group by unit order by unit
