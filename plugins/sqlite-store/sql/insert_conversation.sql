INSERT INTO conversations
  (customer, channel, key, participant_a, participant_b, message_count, last_activity_at, last_message)
VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, NULL)
