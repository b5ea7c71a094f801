-- Not one of the rows: somebody else was first.
update cases set
  grid = new.column2, state = new.column3, outcome = new.column4, live = new.column5, severity = new.column6,
  version = new.column7, changed = new.column8, next_due = new.column9, overdue = new.column10, wants_seat = new.column11,
  rank = new.column12, turn = new.column13, lon = new.column14, lat = new.column15, search = new.column16,
  doc = new.column17
from (values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)) as new
where cases.id = new.column1 and cases.version = new.column18
