WITH written AS (
  INSERT INTO penstock.shared_values AS v (name, value, version) VALUES ($1, $2, 1)
  ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = v.version + 1
  RETURNING v.name)
SELECT pg_notify('penstock_values', '') FROM written
