SELECT status FROM unmatched_reports WHERE provider = ?1 AND provider_message_id = ?2 ORDER BY id
