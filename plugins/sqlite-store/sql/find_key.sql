SELECT 1 FROM messages WHERE customer = ?1 AND key = ?2 LIMIT 1
