-- ?1 after this sequence, ?2 at most so many
SELECT e.sequence, e.id, e.conversation, e.published_at, e.text
FROM events AS e
WHERE e.sequence > ?1
  AND NOT EXISTS (SELECT 1 FROM states AS s WHERE s.sequence = e.sequence)
  AND NOT EXISTS (SELECT 1 FROM dead_letters AS d WHERE d.sequence = e.sequence)
ORDER BY e.sequence
LIMIT ?2
