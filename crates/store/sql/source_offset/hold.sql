-- Writes nothing new: it holds the row until the end of the transaction, so that nobody moves the source meanwhile.
update source_offset set next_offset = next_offset where name = $1
