SELECT d.id, (f.entry ->> 0)::bigint, (f.entry ->> 1)::integer, f.entry ->> 2
FROM penstock.queue_dead d CROSS JOIN LATERAL jsonb_array_elements(d.failures) WITH ORDINALITY AS f (entry, number)
WHERE d.id = ANY ($1)
ORDER BY d.id, f.number
