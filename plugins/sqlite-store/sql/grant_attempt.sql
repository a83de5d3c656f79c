UPDATE messages SET status = 'sending', attempt = ?2, token = ?3
WHERE id = ?1 AND attempt < ?2
  AND EXISTS (SELECT 1 FROM status_moves WHERE cause = ?4 AND source = messages.status AND target = 'sending')
