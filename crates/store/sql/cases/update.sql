-- No row: somebody else was first.
update cases set
  grid = $2, state = $3, outcome = $4, live = $5, severity = $6, version = $7, changed = $8, next_due = $9, overdue = $10,
  wants_seat = $11, rank = $12, turn = $13, lon = $14, lat = $15, search = $16, doc = $17
where id = $1 and version = $18
