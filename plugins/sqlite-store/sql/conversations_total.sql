-- ?1 customer or '', ?2 participant or '', ?3 channel or NULL
SELECT coalesce(sum(conversations), 0)
FROM conversation_counts
WHERE customer = ?1 AND participant = ?2 AND channel = coalesce(?3, channel)
