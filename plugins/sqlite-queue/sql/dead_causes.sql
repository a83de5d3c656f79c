-- ?1 whether temp.wanted holds the ids, ?2 customer, ?3 reason, ?4 kind, ?5 since, ?6 before, ?7 provider, ?8 cause, or
-- NULL; ?9 kept since
SELECT g.cause, g.letters, g.first, g.last, (
  SELECT n.reason FROM dead_letters AS n
  WHERE (?1 = 0 OR n.id IN (SELECT id FROM temp.wanted))
    AND (?2 IS NULL OR n.customer = ?2)
    AND (?3 IS NULL OR n.reason = ?3)
    AND (?4 IS NULL OR n.kind = ?4)
    AND (?5 IS NULL OR n.dead_at >= ?5)
    AND (?6 IS NULL OR n.dead_at < ?6)
    AND (?7 IS NULL OR n.provider = ?7)
    AND (?8 IS NULL OR n.cause = ?8)
    AND n.dead_at > ?9
    AND n.cause = g.cause AND n.dead_at = g.last
  ORDER BY n.id LIMIT 1)
FROM (
  SELECT d.cause, count(*) AS letters, min(d.dead_at) AS first, max(d.dead_at) AS last
  FROM dead_letters AS d
  WHERE (?1 = 0 OR d.id IN (SELECT id FROM temp.wanted))
    AND (?2 IS NULL OR d.customer = ?2)
    AND (?3 IS NULL OR d.reason = ?3)
    AND (?4 IS NULL OR d.kind = ?4)
    AND (?5 IS NULL OR d.dead_at >= ?5)
    AND (?6 IS NULL OR d.dead_at < ?6)
    AND (?7 IS NULL OR d.provider = ?7)
    AND (?8 IS NULL OR d.cause = ?8)
    AND d.dead_at > ?9
  GROUP BY d.cause) AS g
ORDER BY g.letters DESC, g.last DESC, g.cause
LIMIT ?10
