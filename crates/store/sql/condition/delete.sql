delete from condition where id in (values ($1))
