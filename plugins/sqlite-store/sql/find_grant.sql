SELECT seq, status, attempt, token FROM messages WHERE id = ?1
