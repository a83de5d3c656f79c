SELECT settled FROM penstock.queue_settle($1, $2, $3, $4, $5, ARRAY(SELECT make_interval(secs => d) FROM unnest($6) WITH ORDINALITY AS t (d, n) ORDER BY n), $7, $8, $9, $10)
