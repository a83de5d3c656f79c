SELECT status FROM messages WHERE id = ?1
