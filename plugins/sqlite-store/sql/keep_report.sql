INSERT INTO unmatched_reports (provider, provider_message_id, status, kept_at)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (provider, provider_message_id, status) DO NOTHING
