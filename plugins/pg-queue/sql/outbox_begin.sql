SELECT pg_current_snapshot()::text, extract(epoch FROM penstock.now() - (
  SELECT min(o.created_at) FROM penstock.outbox o WHERE o.due_at IS NOT NULL))::double precision
