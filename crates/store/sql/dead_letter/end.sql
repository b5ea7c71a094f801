select coalesce(max(position) + 1, 0) as next_offset from dead_letter where topic = $1 and partition = 0
