SELECT value FROM counts WHERE name = 'sent'
