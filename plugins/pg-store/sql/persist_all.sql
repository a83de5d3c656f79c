-- Messages and reports of one batch: rows of both, the reports' numbers after the messages'.
SELECT number, message, conversation, status, inserted, key_reused, NULL::text
FROM penstock.persist_messages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                               $21, $22, $23, $24, $25, $26, $27)
UNION ALL
SELECT number + cardinality($1), message, conversation, status, false, false, result
FROM penstock.take_reports($28, $29, $30, $31, $25)
