SELECT penstock.queue_forget_dead(make_interval(secs => $1), $2, 1000)
