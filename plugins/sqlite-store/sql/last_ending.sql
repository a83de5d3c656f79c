-- How the last attempt of a message ended, from attempt ?2 with token ?3 on.
SELECT ending FROM attempts
WHERE message = ?1 AND number >= ?2 AND (number > ?2 OR token = ?3)
ORDER BY number DESC
LIMIT 1
