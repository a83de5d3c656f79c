SELECT fingerprint, id, known_until, held FROM keys WHERE key = ?1
