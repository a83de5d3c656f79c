-- $1 conversation, $2 limit, $3 offset; one row without a message when the page is empty
SELECT
  c.message_count,
  m.id, m.conversation, m.direction, m.channel, m.type, m.sender, m.recipient, m.timestamp, m.snippet, m.status,
  m.provider, m.provider_message_id, m.subject, m.attachments, m.metadata, m.body
FROM penstock.conversations AS c
LEFT JOIN LATERAL (
  SELECT p.* FROM penstock.messages AS p
  WHERE p.conversation = $1
  ORDER BY p.timestamp, p.id
  LIMIT $2 OFFSET $3) AS m ON true
WHERE c.id = $1
ORDER BY m.timestamp, m.id
