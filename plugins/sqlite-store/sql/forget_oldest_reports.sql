DELETE FROM unmatched_reports
WHERE id IN (
  SELECT id FROM unmatched_reports ORDER BY kept_at, id
  LIMIT max((SELECT value FROM counts WHERE name = 'unmatched_reports') - ?1, 0))
