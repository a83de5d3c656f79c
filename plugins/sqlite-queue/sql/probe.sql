UPDATE counts SET value = value WHERE name = 'live'
