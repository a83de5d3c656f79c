-- ?1 limit, ?2 offset
SELECT id, sent_at FROM messages WHERE sent_at IS NOT NULL ORDER BY sent_at DESC, id DESC LIMIT ?1 OFFSET ?2
