SELECT tx, number, id, created_at, extract(epoch FROM penstock.now() - created_at)::double precision, tries, draft
FROM penstock.outbox_read_due($1, $2)
