-- Writes nothing new: it holds the row until the end of the transaction, so that nobody takes the lease meanwhile.
update lease set epoch = epoch where name = $1 and epoch = $2
