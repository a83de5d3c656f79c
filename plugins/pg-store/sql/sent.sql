-- $1 limit, $2 offset; one row without a message when the page is empty
SELECT t.total, page.id, page.sent_at
FROM (SELECT coalesce(sum(messages), 0)::bigint AS total FROM penstock.sent_counts) AS t
LEFT JOIN (
  SELECT id, sent_at FROM penstock.messages WHERE sent_at IS NOT NULL ORDER BY sent_at DESC, id DESC LIMIT $1 OFFSET $2
) AS page ON true
ORDER BY page.sent_at DESC, page.id DESC
