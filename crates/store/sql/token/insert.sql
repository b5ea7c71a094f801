insert into seat_token (hash, seat, case_id, created) values ($1, $2, $3, $4) on conflict (hash) do nothing
