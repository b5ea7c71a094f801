insert into case_episode (episode, case_id) values ($1, $2) on conflict (episode) do nothing
