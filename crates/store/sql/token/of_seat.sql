select hash, seat, case_id, device, person, created, bound, revoked from seat_token where seat = $1 order by created, hash
