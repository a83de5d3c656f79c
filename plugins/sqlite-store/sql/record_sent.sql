UPDATE messages SET status = 'sent', provider = ?2, provider_message_id = ?3, sent_at = ?4
WHERE seq = ?1
  AND EXISTS (SELECT 1 FROM status_moves WHERE cause = 'sent' AND source = messages.status AND target = 'sent')
