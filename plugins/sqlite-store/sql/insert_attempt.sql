INSERT INTO attempts
  (message, number, token, outcome, ending, provider, provider_message_id, http_status, error, started_at,
   latency, waits)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (message, number, token) DO UPDATE SET
  outcome = excluded.outcome,
  ending = CASE
    WHEN excluded.outcome = 'not_sent' AND excluded.ending = 'open' THEN attempts.ending
    ELSE excluded.ending
  END,
  provider_message_id = excluded.provider_message_id,
  http_status = excluded.http_status,
  error = excluded.error
WHERE attempts.outcome = 'unknown' AND excluded.outcome <> 'unknown'
