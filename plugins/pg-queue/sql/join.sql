SELECT penstock.queue_join($1, make_interval(secs => $2))
