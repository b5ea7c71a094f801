insert into cases
  (id, number, jurisdiction, kind, subject, grid, state, outcome, live, severity, version, filed, changed, next_due,
   overdue, wants_seat, rank, turn, lon, lat, search, doc)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
on conflict do nothing
