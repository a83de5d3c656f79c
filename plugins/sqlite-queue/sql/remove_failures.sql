DELETE FROM failures WHERE sequence = ?1
