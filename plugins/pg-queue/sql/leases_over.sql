SELECT sequence FROM penstock.queue_leases_over($1, $2, $3)
