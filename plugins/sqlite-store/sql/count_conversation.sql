INSERT INTO conversation_counts (customer, participant, channel, conversations)
VALUES (?1, ?2, ?3, 1)
ON CONFLICT (customer, participant, channel) DO UPDATE SET conversations = conversations + 1
