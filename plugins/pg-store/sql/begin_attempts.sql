-- Grants attempts, no two of one message. The rows are locked first, in the order of their ids, so that each is judged
-- as it is now. An attempt that is sending while a later one is asked for is lost: it is kept as unknown, and if the later
-- one is refused, it is given up and so is the message. $7 what is said of it, $8 now
WITH wish AS (
  SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bytea[], $4::text[], $5::integer[], $6::text[])
    WITH ORDINALITY AS w (id, attempt, token, cause, replayed_after, provider, n)),
locked AS MATERIALIZED (
  SELECT m.id, m.status, m.attempt, m.token, m.granted_to, m.settled_attempts
  FROM penstock.messages AS m
  WHERE m.id = ANY ($1)
  ORDER BY m.id
  FOR NO KEY UPDATE),
granted AS (
  UPDATE penstock.messages AS m
  SET status = 'sending', attempt = w.attempt, token = w.token, granted_to = w.provider,
    settled_attempts = greatest(l.settled_attempts, w.replayed_after)
  FROM wish AS w
  JOIN locked AS l ON l.id = w.id
  WHERE m.id = w.id AND l.attempt < w.attempt
    AND EXISTS (
      SELECT FROM penstock.status_moves AS s
      WHERE s.source = l.status AND s.target = 'sending'
        AND ((s.cause = w.cause AND (l.status = 'accepted' OR l.granted_to = w.provider))
             OR (s.cause = 'replay' AND w.replayed_after > 0 AND l.attempt <= w.replayed_after)))
  RETURNING m.id, m.settled_attempts),
lost AS (
  SELECT l.id, l.attempt, l.token, l.granted_to, CASE WHEN g.id IS NULL THEN 'dead' ELSE 'open' END AS ending
  FROM wish AS w
  JOIN locked AS l ON l.id = w.id
  LEFT JOIN granted AS g ON g.id = w.id
  WHERE l.status = 'sending' AND l.attempt < w.attempt),
kept AS (
  INSERT INTO penstock.attempts
    (message, number, token, outcome, ending, provider, provider_message_id, http_status, error, started_at, latency,
     waits)
  SELECT id, attempt, token, 'unknown', ending, granted_to, '', 0, $7, $8, 0, '{}' FROM lost
  ON CONFLICT (message, number, token) DO NOTHING),
doubtful AS (
  UPDATE penstock.messages AS m SET status = 'unknown'
  FROM lost AS l
  WHERE m.id = l.id AND NOT EXISTS (SELECT FROM granted AS g WHERE g.id = l.id)
  RETURNING m.id)
SELECT
  w.n,
  g.id IS NOT NULL,
  CASE WHEN g.id IS NOT NULL THEN 'sending' WHEN d.id IS NOT NULL THEN 'unknown' ELSE coalesce(l.status, 'accepted') END,
  g.id IS NOT NULL AND l.status IN ('sending', 'unknown') AND l.attempt > g.settled_attempts
FROM wish AS w
LEFT JOIN locked AS l ON l.id = w.id
LEFT JOIN granted AS g ON g.id = w.id
LEFT JOIN doubtful AS d ON d.id = w.id
