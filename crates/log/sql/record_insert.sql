-- Followed by as many rows of six parameters as are written at once.
insert into record (lane, position, timestamp_us, key, headers, payload) values
