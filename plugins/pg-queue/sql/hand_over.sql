SELECT penstock.queue_hand_over($1, make_interval(secs => $2), $3, $4, $5, $6)
