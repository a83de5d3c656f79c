-- ?1 now, ?2 at most so many
SELECT e.sequence, e.id, e.conversation, coalesce(s.replayed_at, e.published_at), e.text, s.due_at, s.attempts,
  s.expiries_alone, s.suspect, s.earlier_attempts, s.waits
FROM states AS s JOIN events AS e ON e.sequence = s.sequence
WHERE s.handed = 0 AND s.due_at <= ?1
ORDER BY s.due_at, s.sequence
LIMIT ?2
