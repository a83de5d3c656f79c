-- ?4 cause, ?5 status, ?6 attempts that leave no doubt
UPDATE messages SET status = ?5, settled_attempts = max(settled_attempts, ?6)
WHERE seq = ?1
  AND ((attempt = ?2 AND token = ?3) OR (status = 'accepted' AND attempt <= ?2) OR status = 'unknown')
  AND EXISTS (SELECT 1 FROM status_moves WHERE cause = ?4 AND source = messages.status AND target = ?5)
