SELECT sent, not_sent, unknown, applied, stale
FROM penstock.record_attempts($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
