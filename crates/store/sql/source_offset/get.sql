select next_offset from source_offset where name = $1
