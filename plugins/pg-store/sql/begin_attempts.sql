-- Grants attempts, no two of one message. The rows are locked first, in the order of their ids, so that each is judged
-- as it is now.
WITH wish AS (
  SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bytea[], $4::text[])
    WITH ORDINALITY AS w (id, attempt, token, cause, n)),
locked AS MATERIALIZED (
  SELECT m.id, m.status, m.attempt
  FROM penstock.messages AS m
  WHERE m.id = ANY ($1)
  ORDER BY m.id
  FOR NO KEY UPDATE),
granted AS (
  UPDATE penstock.messages AS m SET status = 'sending', attempt = w.attempt, token = w.token
  FROM wish AS w
  JOIN locked AS l ON l.id = w.id
  WHERE m.id = w.id AND l.attempt < w.attempt
    AND EXISTS (
      SELECT FROM penstock.status_moves AS s
      WHERE s.cause = w.cause AND s.source = l.status AND s.target = 'sending')
  RETURNING m.id)
SELECT
  w.n,
  g.id IS NOT NULL,
  CASE WHEN g.id IS NOT NULL THEN 'sending' ELSE coalesce(l.status, 'accepted') END
FROM wish AS w
LEFT JOIN locked AS l ON l.id = w.id
LEFT JOIN granted AS g ON g.id = w.id
