SELECT
  CASE
    WHEN NOT has_schema_privilege('penstock', 'USAGE') THEN 'the schema penstock'
    ELSE (
      SELECT string_agg(c.relname::text, ', ' ORDER BY c.relname)
      FROM pg_class AS c
      WHERE c.relnamespace = 'penstock'::regnamespace AND c.relkind = 'r'
        AND NOT (
          has_table_privilege(c.oid, 'SELECT')
          AND (c.relname IN ('migrations', 'status_moves')
               OR (has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
                   AND has_table_privilege(c.oid, 'DELETE')))))
  END,
  quote_ident(current_user)
