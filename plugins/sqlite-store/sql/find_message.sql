SELECT seq FROM messages WHERE id = ?1
