delete from condition where id = $1
