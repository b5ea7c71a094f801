-- Two are kept: the one just written, and the newest of the others in case that cannot be read. One that is written on the
-- way to where newer ones lie, none of which can be read, stays.
delete from checkpoint where partition = $1 and position <> $2
  and position <> (select max(position) from checkpoint where partition = $1 and position <> $2)
