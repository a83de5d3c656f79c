-- ?2 reason, ?3 now
INSERT INTO dead_letters (sequence, id, customer, kind, reason, attempts, replays, dead_at)
SELECT e.sequence, e.id, e.customer, e.kind, ?2, s.attempts + s.earlier_attempts, s.replays, ?3
FROM events AS e JOIN states AS s ON s.sequence = e.sequence
WHERE e.sequence = ?1
