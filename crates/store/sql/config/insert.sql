insert into config_version (version, rulebook, catalogue, by_whom, at) values ($1, $2, $3, $4, $5)
on conflict (version) do nothing
