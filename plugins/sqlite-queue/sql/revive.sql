-- ?2 due, from when its age counts, ?3 earlier attempts, ?4 replays, ?5 suspect
INSERT INTO states (sequence, handed, due_at, attempts, earlier_attempts, expiries_alone, suspect, replays, replayed_at)
VALUES (?1, 0, ?2, 0, ?3, 0, ?5, ?4, ?2)
