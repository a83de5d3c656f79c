-- What a report by our own id says of its message, whose status it has moved. ?4 now
UPDATE messages SET
  provider = CASE WHEN provider_message_id = '' THEN ?2 ELSE provider END,
  provider_message_id = CASE WHEN provider_message_id = '' THEN ?3 ELSE provider_message_id END,
  sent_at = CASE WHEN status = 'failed' THEN sent_at ELSE coalesce(sent_at, ?4) END
WHERE seq = ?1
