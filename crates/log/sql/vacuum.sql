-- A whole copy beside whoever writes: one reading transaction from beginning to end.
vacuum into $1
