-- ?1 ids as one blob, ?2 customer, ?3 reason, ?4 kind, ?5 since, ?6 before, ?7 provider, ?8 cause; ?9 kept since. A line
-- that ends with --?N is left out when ?N is not given, so that an index on the others is used.
WITH RECURSIVE wanted (place, id) AS (
  SELECT 1, substr(?1, 1, 16)
  UNION ALL
  SELECT place + 16, substr(?1, place + 16, 16) FROM wanted WHERE place + 16 <= length(?1))
SELECT d.id FROM dead_letters AS d
WHERE d.dead_at > ?9
  AND d.id IN (SELECT id FROM wanted)  --?1
  AND d.customer = ?2  --?2
  AND d.reason = ?3  --?3
  AND d.kind = ?4  --?4
  AND d.dead_at >= ?5  --?5
  AND d.dead_at < ?6  --?6
  AND d.provider = ?7  --?7
  AND d.cause = ?8  --?8
ORDER BY d.dead_at, d.id DESC
LIMIT ?10
