SELECT due_at FROM states WHERE handed = 0 AND due_at > ?1 ORDER BY due_at LIMIT 1
