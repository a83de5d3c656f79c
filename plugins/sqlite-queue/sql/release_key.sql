UPDATE keys SET held = 0 WHERE key = ?1 AND known_until > ?2
