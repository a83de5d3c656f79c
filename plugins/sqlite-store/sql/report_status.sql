UPDATE messages SET status = ?2
WHERE seq = ?1
  AND EXISTS (SELECT 1 FROM status_moves WHERE cause = 'report' AND source = messages.status AND target = ?2)
