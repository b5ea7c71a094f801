-- The log may begin after what was read last: then the first move starts where the log does.
update source_offset set next_offset = $3 where name = $1 and next_offset <= $2
