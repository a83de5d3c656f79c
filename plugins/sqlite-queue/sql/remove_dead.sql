DELETE FROM dead_letters WHERE sequence = ?1
