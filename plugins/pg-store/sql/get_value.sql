SELECT value, version FROM penstock.shared_values WHERE name = $1
