INSERT INTO states (sequence, handed, due_at, attempts, earlier_attempts, expiries_alone, suspect, replays)
VALUES (?1, ?2, 0, ?3, 0, 0, 0, 0)
ON CONFLICT (sequence) DO UPDATE SET handed = ?2, attempts = ?3
