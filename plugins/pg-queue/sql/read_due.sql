SELECT sequence, slot, partition, published_at, id, conversation, event,
  extract(epoch FROM penstock.now() - ready_since)::double precision, attempts, expiries_alone, suspect
FROM penstock.queue_read_due($1, $2, $3, $4)
