-- $1 channel or NULL, $2 limit, $3 offset, $4 customer
SELECT
  t.total,
  c.id, c.key, c.channel, c.participant_a, c.participant_b, c.message_count, c.last_activity_at,
  m.id, m.conversation, m.direction, m.channel, m.type, m.sender, m.recipient, m.timestamp, m.snippet, m.status,
  m.provider, m.provider_message_id, m.subject, m.attachments, m.metadata, m.body
FROM (
  SELECT
    coalesce((
      SELECT sum(n.conversations) FROM penstock.conversation_counts AS n
      WHERE n.customer = $4 AND n.participant = '' AND ($1::text IS NULL OR n.channel = $1)), 0)::bigint
    + (
      SELECT count(*) FROM penstock.conversations_uncounted AS c
      WHERE c.customer = $4 AND ($1::text IS NULL OR c.channel = $1)) AS total) AS t
LEFT JOIN (
  (SELECT id, last_activity_at FROM penstock.conversations
   WHERE customer = $4 AND channel = 'sms' AND coalesce($1, 'sms') = 'sms'
   ORDER BY last_activity_at DESC, id DESC LIMIT $2 + $3)
  UNION ALL
  (SELECT id, last_activity_at FROM penstock.conversations
   WHERE customer = $4 AND channel = 'email' AND coalesce($1, 'email') = 'email'
   ORDER BY last_activity_at DESC, id DESC LIMIT $2 + $3)
  ORDER BY last_activity_at DESC, id DESC
  LIMIT $2 OFFSET $3) AS page ON true
LEFT JOIN penstock.conversations AS c ON c.id = page.id
LEFT JOIN penstock.messages AS m ON m.id = c.last_message
ORDER BY page.last_activity_at DESC, page.id DESC
