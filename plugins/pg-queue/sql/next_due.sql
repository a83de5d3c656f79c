SELECT extract(epoch FROM penstock.queue_next_due($1))::double precision
