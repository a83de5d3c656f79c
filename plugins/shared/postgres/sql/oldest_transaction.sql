SELECT holder.pid, holder.name, holder.state, extract(epoch FROM clock_timestamp() - holder.since)::float8
FROM (
  SELECT a.pid, a.application_name AS name, coalesce(a.state, a.backend_type) AS state, a.xact_start AS since,
    greatest(age(a.backend_xmin), age(a.backend_xid)) AS age
  FROM pg_stat_activity a
  WHERE (a.datname = current_database() OR a.datname IS NULL)
    AND a.pid <> pg_backend_pid() AND a.backend_type NOT IN ('autovacuum worker', 'autovacuum launcher')
    AND a.xact_start IS NOT NULL
  UNION ALL
  SELECT 0, 'prepared transaction', 'prepared', p.prepared, age(p.transaction)
  FROM pg_prepared_xacts p WHERE p.database = current_database()
) AS holder
WHERE holder.age IS NOT NULL
ORDER BY holder.age DESC, holder.since LIMIT 1
