-- ?4 cause, ?5 attempts there had been when a person replayed the event, ?6 provider
UPDATE messages
SET status = 'sending', attempt = ?2, token = ?3, granted_to = ?6, settled_attempts = max(settled_attempts, ?5)
WHERE id = ?1 AND attempt < ?2
  AND EXISTS (
    SELECT 1 FROM status_moves
    WHERE source = messages.status AND target = 'sending'
      AND ((cause = ?4 AND (messages.status = 'accepted' OR messages.granted_to = ?6))
           OR (cause = 'replay' AND ?5 > 0 AND messages.attempt <= ?5)))
