SELECT value, version FROM shared_values WHERE name = ?1
