SELECT name, value FROM counts
