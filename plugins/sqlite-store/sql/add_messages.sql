UPDATE conversations SET message_count = message_count + ?2, last_message = ?3 WHERE id = ?1
