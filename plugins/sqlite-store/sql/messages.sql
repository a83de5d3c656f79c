-- ?1 conversation, ?2 limit, ?3 offset
SELECT
  m.id, m.conversation, m.direction, m.channel, m.type, m.sender, m.recipient, m.timestamp, m.snippet, m.status,
  m.provider, m.provider_message_id, t.subject, t.attachments, t.metadata, t.body
FROM (
  SELECT seq FROM messages WHERE conversation = ?1 ORDER BY timestamp, id LIMIT ?2 OFFSET ?3) AS page
JOIN messages AS m ON m.seq = page.seq
JOIN contents AS t ON t.message = m.seq
ORDER BY m.timestamp, m.id
