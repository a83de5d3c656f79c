SELECT penstock.queue_leave($1, $2, $3, $4)
