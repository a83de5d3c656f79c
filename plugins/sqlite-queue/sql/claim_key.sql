INSERT INTO keys (key, fingerprint, id, known_until, held) VALUES (?1, ?2, ?3, ?4, 1)
ON CONFLICT (key) DO UPDATE SET fingerprint = ?2, id = ?3, known_until = ?4, held = 1
