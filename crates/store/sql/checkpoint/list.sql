select position, at, checksum, bytes from checkpoint where partition = $1 order by position desc
