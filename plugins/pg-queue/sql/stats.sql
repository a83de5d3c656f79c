SELECT live, leased, scheduled, dead, bytes, extract(epoch FROM oldest)::double precision FROM penstock.queue_stats()
