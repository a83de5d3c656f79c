UPDATE messages SET status = 'unknown' WHERE seq = ?1
