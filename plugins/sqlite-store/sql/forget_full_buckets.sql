DELETE FROM token_buckets WHERE full_at <= ?1
