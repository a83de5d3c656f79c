SELECT seq, status, attempt, token, granted_to, settled_attempts FROM messages WHERE id = ?1
