UPDATE states SET handed = 0, due_at = ?2, attempts = ?3, expiries_alone = ?4, suspect = ?5, waits = ?6
WHERE sequence = ?1
