-- ?2 due, ?3 earlier attempts, ?4 replays, ?5 suspect, ?6 now
INSERT INTO states (sequence, handed, due_at, attempts, earlier_attempts, expiries_alone, suspect, replays, replayed_at)
VALUES (?1, 0, ?2, 0, ?3, 0, ?5, ?4, ?6)
