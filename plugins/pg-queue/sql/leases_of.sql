SELECT sequence, slot, partition, id, conversation, lease, extract(epoch FROM remaining)::double precision, event
FROM penstock.queue_leases_of($1, $2)
