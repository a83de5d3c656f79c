DELETE FROM states WHERE sequence = ?1
