SELECT version, name, checksum FROM penstock.migrations
