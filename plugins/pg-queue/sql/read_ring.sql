SELECT e.sequence, e.slot, e.partition, e.published_at, e.id, e.conversation, e.event,
  extract(epoch FROM penstock.now() - e.published_at)::float8, 0, 0, false
FROM penstock.queue_events e
WHERE e.sequence > $1 AND $2 >> e.partition & 1 = 1
ORDER BY e.sequence LIMIT $3
