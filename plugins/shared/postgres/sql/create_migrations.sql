DO $$
BEGIN
  IF to_regnamespace('penstock') IS NULL THEN
    CREATE SCHEMA penstock;
  END IF;
  CREATE TABLE IF NOT EXISTS penstock.migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    -- What each table looked like afterwards, to notice what is altered by hand.
    shapes jsonb NOT NULL
  );
  CREATE OR REPLACE VIEW penstock.table_shapes AS
  SELECT
    c.relname AS name,
    md5(concat_ws(
      E'\n',
      (SELECT string_agg(format('%s %s %s', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ','
                         ORDER BY a.attname)
       FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
      (SELECT string_agg(k.conname, ',' ORDER BY k.conname)
       FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'f', 'c')),
      (SELECT string_agg(t.tgname || t.tgenabled::text, ',' ORDER BY t.tgname)
       FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal))) AS shape
  FROM pg_class AS c
  WHERE c.relnamespace = 'penstock'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations';
END
$$
