SELECT g.cause, g.letters, g.first, g.last, n.reason
FROM (
  SELECT d.cause, count(*) AS letters, min(d.dead_at) AS first, max(d.dead_at) AS last
  FROM penstock.queue_dead d
  WHERE (cardinality($1) = 0 OR d.id = ANY ($1)) AND ($2::text IS NULL OR d.customer = $2) AND ($3::text IS NULL OR d.reason = $3)
    AND ($4::text IS NULL OR d.kind = $4) AND ($5::timestamptz IS NULL OR d.dead_at >= $5) AND ($6::timestamptz IS NULL OR d.dead_at < $6)
    AND ($7::text IS NULL OR d.provider = $7) AND ($8::text IS NULL OR d.cause = $8) AND d.dead_at > penstock.now() - make_interval(secs => $9)
  GROUP BY d.cause ORDER BY letters DESC, last DESC, d.cause LIMIT $10) AS g
CROSS JOIN LATERAL (
  SELECT d.reason FROM penstock.queue_dead d
  WHERE (cardinality($1) = 0 OR d.id = ANY ($1)) AND ($2::text IS NULL OR d.customer = $2) AND ($3::text IS NULL OR d.reason = $3)
    AND ($4::text IS NULL OR d.kind = $4) AND ($5::timestamptz IS NULL OR d.dead_at >= $5) AND ($6::timestamptz IS NULL OR d.dead_at < $6)
    AND ($7::text IS NULL OR d.provider = $7) AND ($8::text IS NULL OR d.cause = $8) AND d.dead_at > penstock.now() - make_interval(secs => $9)
    AND d.cause = g.cause AND d.dead_at = g.last
  ORDER BY d.id LIMIT 1) AS n
ORDER BY g.letters DESC, g.last DESC, g.cause
