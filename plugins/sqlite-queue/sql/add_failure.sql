INSERT INTO failures (sequence, number, at, attempt, reason)
VALUES (?1, coalesce((SELECT max(number) FROM failures WHERE sequence = ?1), 0) + 1, ?2, ?3, ?4)
