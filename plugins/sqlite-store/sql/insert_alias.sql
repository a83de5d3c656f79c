INSERT INTO aliases (alias, message) VALUES (?1, ?2) ON CONFLICT (alias) DO NOTHING
