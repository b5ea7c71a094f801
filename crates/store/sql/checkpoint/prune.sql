-- Two are kept: the newest, and one before it in case that cannot be read.
delete from checkpoint where partition = $1 and position not in (
  select position from checkpoint where partition = $1 order by position desc limit 2
)
