INSERT INTO penstock.sent_counts (messages) VALUES (0)
