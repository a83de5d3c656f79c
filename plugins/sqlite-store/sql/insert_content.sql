INSERT INTO contents (message, subject, attachments, metadata, body) VALUES (?1, ?2, ?3, ?4, ?5)
