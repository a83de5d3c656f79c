SELECT id, last_activity_at, last_message
FROM conversations
WHERE customer = ?1 AND channel = ?2 AND key = ?3
