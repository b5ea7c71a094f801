-- SQLite's own way to a whole copy beside writers: one reading transaction from beginning to end.
vacuum into $1
