SELECT
  CASE
    WHEN NOT has_schema_privilege('penstock', 'USAGE') THEN 'the schema penstock'
    ELSE (
      SELECT string_agg(c.relname::text, ', ' ORDER BY c.relname)
      FROM pg_class AS c
      WHERE c.relnamespace = 'penstock'::regnamespace AND c.relkind IN ('r', 'v')
        AND NOT (
          has_table_privilege(c.oid, 'SELECT')
          AND (c.relkind = 'v' OR c.relname IN ('migrations', 'status_moves')
               OR (has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                   AND has_table_privilege(c.oid, 'DELETE')
                   AND (c.relname !~ '^queue_(events|handed|settled|keys)_' OR has_table_privilege(c.oid, 'TRUNCATE'))))))
  END,
  quote_ident(current_user)
