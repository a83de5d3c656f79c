SELECT string_agg(made.key, ', ' ORDER BY made.key)
FROM (SELECT shapes FROM penstock.migrations ORDER BY version DESC LIMIT 1) AS newest
CROSS JOIN jsonb_each_text(newest.shapes) AS made
LEFT JOIN penstock.table_shapes AS found ON found.name = made.key
WHERE found.shape IS DISTINCT FROM made.value
