INSERT INTO penstock.migrations (version, name, checksum, shapes)
SELECT $1, $2, $3, coalesce(jsonb_object_agg(name, shape), '{}') FROM penstock.table_shapes
