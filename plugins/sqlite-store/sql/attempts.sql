SELECT
  number, token, outcome, ending, provider, provider_message_id, http_status, error, started_at, latency, waits
FROM attempts
WHERE message = ?1
ORDER BY number, started_at
