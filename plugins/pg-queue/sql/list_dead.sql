SELECT d.id, d.customer, d.kind, d.reason, d.attempts, d.replays, d.dead_at, d.event, d.cause, d.provider
FROM penstock.queue_dead d
WHERE (cardinality($1) = 0 OR d.id = ANY ($1)) AND ($2::text IS NULL OR (left(d.customer, 100) = left($2, 100) AND d.customer = $2))
  AND ($3::text IS NULL OR (left(d.reason, 100) = left($3, 100) AND d.reason = $3))
  AND ($4::text IS NULL OR d.kind = $4) AND ($5::timestamptz IS NULL OR d.dead_at >= $5) AND ($6::timestamptz IS NULL OR d.dead_at < $6)
  AND ($7::text IS NULL OR (left(d.provider, 100) = left($7, 100) AND d.provider = $7)) AND ($8::text IS NULL OR d.cause = $8)
  AND d.dead_at > (SELECT penstock.now() - make_interval(secs => $9))
ORDER BY d.dead_at DESC, d.id LIMIT $10 OFFSET $11
