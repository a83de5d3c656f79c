SELECT sequence FROM dead_letters WHERE dead_at <= ?1 ORDER BY dead_at, id DESC LIMIT ?2
