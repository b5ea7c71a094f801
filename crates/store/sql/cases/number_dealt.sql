update counter set value = dealt.column2 from (values ($1, $2)) as dealt where counter.name = dealt.column1
