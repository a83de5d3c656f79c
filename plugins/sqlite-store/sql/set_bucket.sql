INSERT INTO token_buckets (name, tokens, filled_at, full_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (name) DO UPDATE SET tokens = excluded.tokens, filled_at = excluded.filled_at, full_at = excluded.full_at
