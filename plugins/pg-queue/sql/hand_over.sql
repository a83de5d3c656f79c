SELECT penstock.queue_hand_over($1, $2, $3, $4, make_interval(secs => $5), $6, $7, $8, $9, $10)
