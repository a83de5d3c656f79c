-- ?1 id of the message, or an alias of it
SELECT
  m.id, m.conversation, m.direction, m.channel, m.type, m.sender, m.recipient, m.timestamp, m.snippet, m.status,
  m.provider, m.provider_message_id, t.subject, t.attachments, t.metadata, t.body,
  m.seq, m.customer, m.key, m.policy, m.accepted_at, m.persisted_at
FROM messages AS m
JOIN contents AS t ON t.message = m.seq
WHERE m.seq = coalesce(
  (SELECT seq FROM messages WHERE id = ?1),
  (SELECT message FROM aliases WHERE alias = ?1))
