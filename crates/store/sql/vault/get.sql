select doc from vault where ref = $1
