update dead_letter set state = $2, note = $3 where id = $1 and state = 'open'
