update seat_token set revoked = $2 where seat = $1 and revoked is null
