SELECT sequence, slot, partition, extract(epoch FROM penstock.now() - born_at)::float8, id, conversation, event,
  extract(epoch FROM penstock.now() - ready_since)::float8, attempts, expiries_alone, suspect, earlier_attempts, waits
FROM penstock.queue_read_due($1, $2, $3, $4)
