DELETE FROM penstock.token_buckets WHERE full_at <= $1
