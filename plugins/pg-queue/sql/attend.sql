SELECT partition, floor FROM penstock.queue_attend($1, make_interval(secs => $2), $3, $4, $5)
