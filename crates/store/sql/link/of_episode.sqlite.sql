select episode, case_id from (values ($1)) as wanted cross join case_episode on episode = wanted.column1
