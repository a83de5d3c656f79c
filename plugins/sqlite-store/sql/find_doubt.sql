-- ?2 attempts that leave none
SELECT 1 FROM attempts WHERE message = ?1 AND number > ?2 AND outcome = 'unknown' LIMIT 1
