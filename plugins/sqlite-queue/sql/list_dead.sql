-- ?1 whether temp.wanted holds the ids, ?2 customer, ?3 reason, ?4 kind, ?5 since, ?6 before, ?7 provider, ?8 cause, or
-- NULL; ?9 kept since
SELECT d.sequence, d.id, d.customer, d.kind, d.reason, d.attempts, d.replays, d.dead_at, e.text, d.cause, d.provider
FROM dead_letters AS d JOIN events AS e ON e.sequence = d.sequence
WHERE (?1 = 0 OR d.id IN (SELECT id FROM temp.wanted))
  AND (?2 IS NULL OR d.customer = ?2)
  AND (?3 IS NULL OR d.reason = ?3)
  AND (?4 IS NULL OR d.kind = ?4)
  AND (?5 IS NULL OR d.dead_at >= ?5)
  AND (?6 IS NULL OR d.dead_at < ?6)
  AND (?7 IS NULL OR d.provider = ?7)
  AND (?8 IS NULL OR d.cause = ?8)
  AND d.dead_at > ?9
ORDER BY d.dead_at DESC, d.id
LIMIT ?10 OFFSET ?11
