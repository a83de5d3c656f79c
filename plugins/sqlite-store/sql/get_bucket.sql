SELECT tokens, filled_at FROM token_buckets WHERE name = ?1
