SELECT penstock.take_tokens($1, $2, $3, $4, $5)
