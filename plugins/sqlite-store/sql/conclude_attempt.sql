UPDATE messages SET status = ?5
WHERE seq = ?1
  AND ((attempt = ?2 AND token = ?3) OR (status = 'accepted' AND attempt <= ?2))
  AND EXISTS (SELECT 1 FROM status_moves WHERE cause = ?4 AND source = messages.status AND target = ?5)
