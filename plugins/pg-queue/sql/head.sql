SELECT coalesce(max(sequence), 0) FROM (
  SELECT max(sequence) AS sequence FROM penstock.queue_events_0 UNION ALL
  SELECT max(sequence) FROM penstock.queue_events_1 UNION ALL
  SELECT max(sequence) FROM penstock.queue_events_2 UNION ALL
  SELECT max(sequence) FROM penstock.queue_events_3) AS heads
