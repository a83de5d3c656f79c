SELECT r.sequence, r.slot, r.partition, r.age, r.id, r.conversation, r.event, r.age, 0, 0, false, 0
FROM (
  SELECT e.*, extract(epoch FROM penstock.now() - e.published_at)::float8 AS age,
    sum(octet_length(e.event)) OVER (ORDER BY e.sequence) - octet_length(e.event) AS bytes_before
  FROM (
    SELECT * FROM penstock.queue_events q
    WHERE q.sequence > $1 AND $2 >> q.partition & 1 = 1
    ORDER BY q.sequence LIMIT $3) AS e) AS r
WHERE r.bytes_before < $4
ORDER BY r.sequence
