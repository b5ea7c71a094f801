select name, owner, epoch, lease_until from lease order by name
