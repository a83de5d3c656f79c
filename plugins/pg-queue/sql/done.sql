SELECT settled FROM penstock.queue_done($1, $2, $3, $4, $5)
