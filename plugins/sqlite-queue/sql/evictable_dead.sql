SELECT sequence FROM dead_letters ORDER BY dead_at, id DESC LIMIT ?1
