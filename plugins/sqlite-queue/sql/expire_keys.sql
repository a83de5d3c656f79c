DELETE FROM keys WHERE key IN (SELECT key FROM keys WHERE held = 0 AND known_until <= ?1 ORDER BY known_until LIMIT ?2)
