update case_episode set case_id = $2 where episode = $1
