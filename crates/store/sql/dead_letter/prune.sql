delete from dead_letter where received < $1 and state <> 'open'
