DELETE FROM keys WHERE key IN (SELECT key FROM keys WHERE held = 0 ORDER BY known_until LIMIT ?1)
