delete from member where role = $1 and owner = $2
