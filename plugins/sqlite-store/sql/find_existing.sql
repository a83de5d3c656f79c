SELECT seq, id, conversation, status
FROM messages
WHERE customer = ?1 AND key = ?2 AND fingerprint = ?3
