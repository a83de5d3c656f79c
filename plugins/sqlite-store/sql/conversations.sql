-- ?1 channel or NULL, ?2 limit, ?3 offset
SELECT
  c.id, c.key, c.channel, c.participant_a, c.participant_b, c.message_count, c.last_activity_at,
  m.id, m.conversation, m.direction, m.channel, m.type, m.sender, m.recipient, m.timestamp, m.snippet, m.status,
  m.provider, m.provider_message_id, t.subject, t.attachments, t.metadata, t.body
FROM (
  SELECT id, last_activity_at FROM conversations
  WHERE channel = 'sms' AND coalesce(?1, 'sms') = 'sms'
  UNION ALL
  SELECT id, last_activity_at FROM conversations
  WHERE channel = 'email' AND coalesce(?1, 'email') = 'email'
  ORDER BY last_activity_at DESC, id DESC
  LIMIT ?2 OFFSET ?3) AS page
JOIN conversations AS c ON c.id = page.id
LEFT JOIN messages AS m ON m.id = c.last_message
LEFT JOIN contents AS t ON t.message = m.seq
ORDER BY page.last_activity_at DESC, page.id DESC
