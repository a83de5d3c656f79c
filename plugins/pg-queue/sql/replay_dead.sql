WITH chosen AS MATERIALIZED (
  SELECT d.sequence, d.sequence >= penstock.outbox_sequence(0) AS of_outbox, row_number() OVER (ORDER BY d.dead_at, d.id DESC) AS place
  FROM penstock.queue_dead d
  WHERE d.id = ANY ($1) AND ($2::text IS NULL OR d.customer = $2) AND ($3::text IS NULL OR d.reason = $3)
    AND ($4::text IS NULL OR d.kind = $4) AND ($5::timestamptz IS NULL OR d.dead_at >= $5) AND ($6::timestamptz IS NULL OR d.dead_at < $6)
    AND ($7::text IS NULL OR d.provider = $7) AND ($8::text IS NULL OR d.cause = $8) AND d.dead_at > penstock.now() - make_interval(secs => $9))
SELECT penstock.queue_replay(ARRAY(SELECT c.sequence FROM chosen c WHERE NOT c.of_outbox ORDER BY c.place),
    make_interval(secs => $10), make_interval(secs => $11), $12, $13)
  + penstock.outbox_replay(ARRAY(SELECT c.sequence FROM chosen c WHERE c.of_outbox ORDER BY c.place), make_interval(secs => $10),
    make_interval(secs => $11))
