-- ?2 due, ?3 earlier attempts, ?4 replays, ?5 suspect
INSERT INTO states (sequence, handed, due_at, attempts, earlier_attempts, expiries_alone, suspect, replays)
VALUES (?1, 0, ?2, 0, ?3, 0, ?5, ?4)
