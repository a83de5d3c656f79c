DELETE FROM penstock.unmatched_reports
WHERE (kept_at, id) <= (
  SELECT r.kept_at, r.id FROM penstock.unmatched_reports AS r ORDER BY r.kept_at DESC, r.id DESC LIMIT 1 OFFSET $1)
