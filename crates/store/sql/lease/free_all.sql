update lease set owner = null, lease_until = 0
