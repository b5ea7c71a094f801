select position from skipped_record where partition = $1 order by position
