INSERT INTO events (id, key, conversation, published_at, customer, provider, kind, text)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
