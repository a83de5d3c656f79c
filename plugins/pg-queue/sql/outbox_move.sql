SELECT outcome, first_id
FROM penstock.outbox_move($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, make_interval(secs => $15), $16, $17)
