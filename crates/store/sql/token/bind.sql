-- Once: the first device that speaks has it.
update seat_token set device = $2, person = $3, bound = $4 where hash = $1 and device is null and revoked is null
