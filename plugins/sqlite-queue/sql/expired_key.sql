SELECT 1 FROM keys WHERE held = 0 AND known_until <= ?1 LIMIT 1
