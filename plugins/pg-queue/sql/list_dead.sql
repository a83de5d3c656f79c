SELECT d.id, d.customer, d.kind, d.reason, d.attempts, d.replays, d.dead_at, d.failures::text, d.event
FROM penstock.queue_dead d
WHERE (cardinality($1) = 0 OR d.id = ANY ($1)) AND ($2 IS NULL OR d.customer = $2) AND ($3 IS NULL OR d.reason = $3)
  AND ($4 IS NULL OR d.kind = $4) AND ($5 IS NULL OR d.dead_at >= $5) AND ($6 IS NULL OR d.dead_at < $6)
  AND d.dead_at > penstock.now() - make_interval(secs => $7)
ORDER BY d.dead_at DESC, d.id LIMIT $8 OFFSET $9
