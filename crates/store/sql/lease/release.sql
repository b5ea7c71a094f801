update lease set owner = null, lease_until = 0 where name = $1 and owner = $2
