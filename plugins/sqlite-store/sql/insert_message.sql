INSERT INTO messages
  (id, conversation, customer, direction, channel, type, sender, recipient, timestamp, snippet, status, attempt, token,
   provider, provider_message_id, key, fingerprint, policy, request_id, accepted_at, persisted_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, x'', ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
