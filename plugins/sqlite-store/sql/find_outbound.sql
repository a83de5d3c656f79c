SELECT seq, id, conversation, status
FROM messages
WHERE provider = ?1 AND provider_message_id = ?2 AND direction = 'outbound' AND provider_message_id <> ''
ORDER BY seq DESC
LIMIT 1
