SELECT at, attempt, reason FROM failures WHERE sequence = ?1 ORDER BY number
