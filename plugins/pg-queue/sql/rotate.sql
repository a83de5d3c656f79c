SELECT penstock.queue_rotate($1, make_interval(secs => $2), make_interval(secs => $3))
