SELECT key, length(CAST(text AS BLOB)) FROM events WHERE sequence = ?1
