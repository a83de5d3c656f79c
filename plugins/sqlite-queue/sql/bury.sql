-- ?2 reason, ?3 cause, ?4 provider or '' for the event's own, ?5 now
INSERT INTO dead_letters (sequence, id, customer, kind, provider, reason, cause, attempts, replays, dead_at)
SELECT e.sequence, e.id, e.customer, e.kind, CASE ?4 WHEN '' THEN e.provider ELSE ?4 END, ?2, ?3,
  s.attempts + s.earlier_attempts, s.replays, ?5
FROM events AS e JOIN states AS s ON s.sequence = e.sequence
WHERE e.sequence = ?1
