SELECT penstock.queue_hand_over($1, $2, make_interval(secs => $3), $4, $5, $6, $7, $8)
