INSERT OR IGNORE INTO temp.wanted (id) VALUES (?1)
