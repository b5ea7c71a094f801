update lease set lease_until = $4 where name = $1 and owner = $2 and epoch = $3
