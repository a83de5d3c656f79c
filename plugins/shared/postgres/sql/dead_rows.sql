SELECT t.relname::text, t.n_dead_tup FROM pg_stat_user_tables t
WHERE t.schemaname = 'penstock' AND starts_with(t.relname::text, 'queue_') = $1 ORDER BY t.relname
