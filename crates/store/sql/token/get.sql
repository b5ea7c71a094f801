select hash, seat, case_id, device, person, created, bound, revoked from seat_token where hash = $1
