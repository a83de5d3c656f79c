DELETE FROM failures
WHERE sequence = ?1 AND number <= (SELECT max(number) FROM failures WHERE sequence = ?1) - ?2
