delete from vault where ref = $1
