SELECT e.sequence, e.id, e.conversation, e.published_at, e.text, s.handed, s.attempts, s.expiries_alone,
  s.waits
FROM states AS s JOIN events AS e ON e.sequence = s.sequence
WHERE s.handed <> 0
ORDER BY s.sequence
