DELETE FROM events WHERE sequence = ?1
