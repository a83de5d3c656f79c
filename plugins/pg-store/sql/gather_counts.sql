-- Moves what is new into the totals; one process at a time, whoever comes first.
WITH mine AS MATERIALIZED (
  SELECT pg_try_advisory_xact_lock(3, 0) AS locked),
new_conversations AS (
  DELETE FROM penstock.conversations_uncounted AS u WHERE (SELECT locked FROM mine) RETURNING u.*),
lists AS (
  SELECT who.customer, list.participant, c.channel, count(*) AS conversations
  FROM new_conversations AS c
  CROSS JOIN LATERAL (VALUES (c.customer), ('')) AS who (customer)
  CROSS JOIN LATERAL (
    SELECT '' UNION ALL SELECT c.participant_a
    UNION ALL SELECT c.participant_b WHERE c.participant_b <> c.participant_a) AS list (participant)
  GROUP BY 1, 2, 3),
counted AS (
  INSERT INTO penstock.conversation_counts AS t (customer, participant, channel, conversations)
  SELECT customer, participant, channel, conversations FROM lists
  ON CONFLICT (customer, participant, channel) DO UPDATE SET conversations = t.conversations + excluded.conversations),
new_sent AS (
  DELETE FROM penstock.sent_counts
  WHERE (SELECT locked FROM mine) AND (SELECT count(*) FROM (SELECT FROM penstock.sent_counts LIMIT 2) AS several) > 1
  RETURNING messages)
INSERT INTO penstock.sent_counts (messages)
SELECT sum(messages) FROM new_sent HAVING count(*) > 0
