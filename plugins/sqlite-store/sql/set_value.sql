INSERT INTO shared_values (name, value, version) VALUES (?1, ?2, 1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = version + 1
