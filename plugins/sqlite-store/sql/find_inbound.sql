SELECT seq, id, conversation, status
FROM messages
WHERE customer = ?1 AND channel = ?2 AND provider = ?3 AND provider_message_id = ?4
  AND direction = 'inbound' AND provider_message_id <> ''
