select case_id from case_episode where episode = $1
