-- $1 id of the message, or an alias of it; one row for each attempt, one without when there is none
SELECT
  m.id, m.conversation, m.direction, m.channel, m.type, m.sender, m.recipient, m.timestamp, m.snippet, m.status,
  m.provider, m.provider_message_id, m.subject, m.attachments, m.metadata, m.body,
  m.customer, m.key, m.policy, m.accepted_at, m.persisted_at,
  a.number, a.token, a.outcome, a.ending, a.provider, a.provider_message_id, a.http_status, a.error,
  a.started_at, a.latency, a.waits
FROM penstock.messages AS m
LEFT JOIN penstock.attempts AS a ON a.message = m.id
WHERE m.id = coalesce(
  (SELECT f.id FROM penstock.messages AS f WHERE f.id = $1),
  (SELECT f.message FROM penstock.aliases AS f WHERE f.alias = $1))
ORDER BY a.number, a.started_at
