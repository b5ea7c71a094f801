delete from member where role = $1 and lease_until <= $2
