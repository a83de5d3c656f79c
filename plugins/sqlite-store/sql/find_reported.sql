-- ?1 our own id, ?2 provider, ?3 the provider's id, ?4 reported status
SELECT seq, id, conversation, status, sent_at IS NULL, provider_message_id
FROM messages
WHERE id = ?1 AND direction = 'outbound' AND granted_to = ?2
  AND (provider_message_id IN ('', ?3) OR ?4 <> 'failed')
