update log_identity set topics = $1 where one = 1
