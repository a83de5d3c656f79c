-- Makes the backlog @EVENTS@ events deep by copying those that are published, as a queue is found that nobody has drained:
-- the slots before the last hold @SLOT_EVENTS@ events each, the last one the rest. Nobody may use the queue meanwhile.
DO $$
DECLARE
  events constant bigint := @EVENTS@;
  slot_events constant bigint := @SLOT_EVENTS@;
  patterns bigint;
  size bigint;
  low bigint := 1;
  high bigint;
BEGIN
  CREATE TEMP TABLE pattern ON COMMIT DROP AS
  SELECT row_number() OVER (ORDER BY sequence) - 1 AS number, partition, id, conversation, event,
    sum(octet_length(event)) OVER (ORDER BY sequence) AS upto
  FROM penstock.queue_events_0;
  SELECT count(*), max(upto) INTO patterns, size FROM pattern;
  TRUNCATE penstock.queue_events_0;
  FOR place IN 0..3 LOOP
    EXIT WHEN low > events;
    high := CASE WHEN place < 3 THEN least(events, low + slot_events - 1) ELSE events END;
    EXECUTE format('INSERT INTO penstock.queue_events_%s
      (sequence, partition, bytes, published_at, id, key, fingerprint, conversation, event)
      SELECT g, p.partition, (g - 1) / $1 * $2 + p.upto, now(), n.id, n.id, n.id, p.conversation,
        replace(p.event, p.id::text, n.id::text)
      FROM generate_series($3, $4) AS g
        CROSS JOIN LATERAL (SELECT md5(g::text)::uuid AS id) AS n
        JOIN pattern p ON p.number = (g - 1) %% $1', place) USING patterns, size, low, high;
    UPDATE penstock.queue_slots s
    SET first = low, first_bytes = (low - 1) / patterns * size, opened_at = now() WHERE s.slot = place;
    IF high < events THEN
      EXECUTE format('UPDATE penstock.queue_slots s SET last = e.sequence, last_bytes = e.bytes
        FROM penstock.queue_events_%1$s e WHERE s.slot = %1$s AND e.sequence = $1', place) USING high;
    END IF;
    UPDATE penstock.queue_ring r SET slot = place;
    low := high + 1;
  END LOOP;
END $$;
