SELECT fate FROM penstock.queue_expire($1, $2, $3, $4)
