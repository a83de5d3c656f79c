SELECT l.pid, a.application_name, coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid() AND l.relation IN (
  to_regclass('penstock.queue_events_' || $1), to_regclass('penstock.queue_handed_' || $1),
  to_regclass('penstock.queue_settled_' || $1))
ORDER BY a.xact_start NULLS LAST LIMIT 1
