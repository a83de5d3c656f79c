-- The outbox: an application enqueues a message in its own transaction; once that has committed, a process moves the
-- draft through the policy into the queue and removes it here. Enqueuing takes no lock that anybody waits for.

-- tx is the transaction that wrote the row, so that a reader finds what has committed since it last looked, however long
-- that took, without passing again over rows that were removed and cannot be vacuumed yet. due_at is set once a try to
-- move it has failed.
CREATE TABLE penstock.outbox (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tx bigint NOT NULL,
  id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  due_at timestamptz,
  tries integer NOT NULL DEFAULT 0,
  replays integer NOT NULL DEFAULT 0,
  failures jsonb NOT NULL DEFAULT '[]',
  draft text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX outbox_by_transaction ON penstock.outbox (tx, number);
CREATE INDEX outbox_by_time ON penstock.outbox (due_at, number) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_by_age ON penstock.outbox (created_at) WHERE due_at IS NOT NULL;

-- A message's id as the service makes it: version 7 of RFC 9562, to the microsecond.
CREATE FUNCTION penstock.make_id(moment timestamptz) RETURNS uuid LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (lpad(to_hex(t.us / 1000), 12, '0') || '7' || lpad(to_hex(t.us % 1000 * 4096 / 1000), 3, '0')
    || substr(replace(gen_random_uuid()::text, '-', ''), 17))::uuid
  FROM (SELECT (extract(epoch FROM moment) * 1000000)::bigint AS us) AS t
$$;

-- Enqueues a message once the caller's transaction has committed; returns the message's id. What is only wrong by the
-- policy becomes a dead letter later.
CREATE FUNCTION penstock.enqueue(
  type text, sender text, recipient text, body text, subject text DEFAULT NULL, attachments text[] DEFAULT NULL,
  idempotency_key text DEFAULT NULL, customer text DEFAULT NULL, metadata jsonb DEFAULT NULL,
  sent_at timestamptz DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  moment timestamptz := penstock.now();
  id uuid := penstock.make_id(moment);
  draft text;
  fault text;
BEGIN
  fault := CASE
    WHEN type IS NULL THEN 'type must not be NULL'
    WHEN sender IS NULL THEN 'sender must not be NULL'
    WHEN recipient IS NULL THEN 'recipient must not be NULL'
    WHEN body IS NULL THEN 'body must not be NULL'
    WHEN type NOT IN ('sms', 'mms', 'email') THEN 'type must be sms, mms or email'
    WHEN octet_length(sender) > 1024 THEN 'sender must have at most 1024 bytes'
    WHEN octet_length(recipient) > 1024 THEN 'recipient must have at most 1024 bytes'
    WHEN array_ndims(attachments) > 1 THEN 'attachments must be a list of one dimension'
    WHEN array_position(attachments, NULL) IS NOT NULL THEN 'attachments must not hold NULL'
    WHEN idempotency_key = '' OR octet_length(idempotency_key) > 255 THEN 'idempotency_key must have 1 to 255 bytes'
    WHEN customer = '' OR char_length(customer) > 64 THEN 'customer must have 1 to 64 characters'
    WHEN jsonb_typeof(metadata) <> 'object' THEN 'metadata must be an object'
    WHEN NOT sent_at BETWEEN '1970-01-01Z' AND '9999-12-31Z' THEN 'sent_at must lie in the years 1970 to 9999'
  END;
  IF fault IS NULL THEN
    SELECT json_object_agg(m.name, m.value) INTO draft
    FROM (VALUES ('type', to_json(type)), ('from', to_json(sender)), ('to', to_json(recipient)), ('body', to_json(body)),
      ('subject', to_json(subject)), ('attachments', to_json(attachments)), ('idempotencyKey', to_json(idempotency_key)),
      ('customerId', to_json(customer)), ('metadata', metadata::json),
      ('timestamp', to_json(to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))) AS m (name, value)
    WHERE m.value IS NOT NULL;
    IF octet_length(draft) > 262144 THEN
      fault := 'the message must have at most 262144 bytes as JSON';
    END IF;
  END IF;
  IF fault IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'penstock.enqueue: ' || fault;
  END IF;
  INSERT INTO penstock.outbox (tx, id, created_at, draft)
  VALUES (pg_current_xact_id()::text::bigint, id, moment, draft);
  RETURN id;
END $$;
REVOKE ALL ON FUNCTION penstock.enqueue FROM PUBLIC;

-- Whether a snapshot shows what a transaction wrote, for a row that `present` shows. One beyond that is of another server:
-- the table was restored from a dump.
CREATE FUNCTION penstock.outbox_shown(tx bigint, pass pg_snapshot, present pg_snapshot) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
  SELECT pg_visible_in_snapshot(tx::text::xid8, pass) OR tx::text::xid8 >= pg_snapshot_xmax(present)
$$;

-- Drafts that have not failed yet and that `pass` shows but `seen` did not, in the order in which transactions began to
-- write, and of each as they were enqueued. At most so many and so many bytes, but one in any case.
CREATE FUNCTION penstock.outbox_read(
  seen text, pass text, after_tx bigint, after_number bigint, most integer, most_bytes bigint)
RETURNS TABLE (tx bigint, number bigint, id uuid, created_at timestamptz, tries integer, draft text)
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  -- The transactions that were under way when the outbox was last seen: each is asked for by itself.
  late bigint[] := ARRAY(SELECT x::text::bigint FROM pg_snapshot_xip(seen::pg_snapshot) AS x);
  fresh bigint := coalesce(pg_snapshot_xmax(seen::pg_snapshot)::text::bigint, 0);
BEGIN
  RETURN QUERY
  SELECT r.tx, r.number, r.id, r.created_at, r.tries, r.draft
  FROM (
    SELECT f.*, sum(octet_length(f.draft)) OVER (ORDER BY f.tx, f.number) - octet_length(f.draft) AS bytes_before
    FROM (
      SELECT o.* FROM unnest(late) AS l (tx) CROSS JOIN LATERAL (
        SELECT o.* FROM penstock.outbox o
        WHERE o.tx = l.tx AND o.number > CASE WHEN l.tx = after_tx THEN after_number ELSE 0 END AND o.due_at IS NULL
          AND penstock.outbox_shown(o.tx, pass::pg_snapshot, pg_current_snapshot())
        ORDER BY o.tx, o.number LIMIT most) AS o
      WHERE l.tx >= after_tx
      UNION ALL
      (SELECT o.* FROM penstock.outbox o
       WHERE o.tx >= fresh AND (o.tx, o.number) > (after_tx, after_number) AND o.due_at IS NULL
         AND penstock.outbox_shown(o.tx, pass::pg_snapshot, pg_current_snapshot())
       ORDER BY o.tx, o.number LIMIT most)
      ORDER BY 2, 1 LIMIT most) AS f) AS r
  WHERE r.bytes_before < most_bytes
  ORDER BY r.tx, r.number;
END $$;

-- Drafts whose time to be tried again has come.
CREATE FUNCTION penstock.outbox_read_due(most integer, most_bytes bigint)
RETURNS TABLE (tx bigint, number bigint, id uuid, created_at timestamptz, tries integer, draft text)
LANGUAGE sql
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
AS $$
  SELECT r.tx, r.number, r.id, r.created_at, r.tries, r.draft
  FROM (
    SELECT d.*, sum(octet_length(d.draft)) OVER (ORDER BY d.due_at, d.number) - octet_length(d.draft) AS bytes_before
    FROM (
      SELECT o.* FROM penstock.outbox o WHERE o.due_at <= penstock.now() ORDER BY o.due_at, o.number LIMIT most) AS d
  ) AS r
  WHERE r.bytes_before < most_bytes
  ORDER BY r.number
$$;

-- Dead letters of the outbox are told from the queue's by their sequence, far above any that the queue will reach.
CREATE FUNCTION penstock.outbox_sequence(number bigint) RETURNS bigint LANGUAGE sql IMMUTABLE
AS 'SELECT (1::bigint << 62) + number';

-- Moves drafts that the policy has judged. fate: 0 publish, 1 bury, 2 try again after the delay; `texts` are events. Says
-- for each: 0 accepted, 1 duplicate, 2 conflict (now a dead letter), 3 the queue is full (it stays), 4 buried, 5 will be
-- tried again, 6 it was gone, 7 it is locked or another (it stays); with the id of the first event of its key. No rows when
-- another process is moving. One call is one transaction, so that a draft leaves the outbox exactly when it enters the queue.
-- A number alone does not say which draft is meant: after the promotion of a standby that had not got all it is given again.
CREATE FUNCTION penstock.outbox_move(
  numbers bigint[], fates smallint[], ids uuid[], keys uuid[], fingerprints uuid[], conversations uuid[],
  partitions smallint[], customers text[], texts text[], reasons text[], causes text[], sentences text[],
  delays double precision[], reused_cause text, key_window interval, max_events bigint, max_bytes bigint)
RETURNS TABLE (outcome smallint, first_id uuid)
LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz;
  mine bigint[];
  chosen record;
  verdicts smallint[];
  firsts uuid[];
  outcomes smallint[];
  buried bigint;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7301, 3) THEN RETURN; END IF;
  SELECT coalesce(array_agg(m.number), '{}') INTO mine FROM (
    SELECT o.number FROM penstock.outbox o WHERE o.number = ANY (numbers) AND o.id = ANY (ids)
    ORDER BY o.number FOR UPDATE SKIP LOCKED) AS m;
  SELECT array_agg(i.place ORDER BY i.place) AS places, array_agg(i.id ORDER BY i.place) AS ids,
    array_agg(i.key ORDER BY i.place) AS keys, array_agg(i.fingerprint ORDER BY i.place) AS fingerprints,
    array_agg(i.conversation ORDER BY i.place) AS conversations, array_agg(i.partition ORDER BY i.place) AS partitions,
    array_agg(i.text ORDER BY i.place) AS texts
  INTO chosen
  FROM unnest(numbers, fates, ids, keys, fingerprints, conversations, partitions, texts) WITH ORDINALITY
      AS i (number, fate, id, key, fingerprint, conversation, partition, text, place)
    JOIN unnest(mine) AS m (number) ON m.number = i.number
  WHERE i.fate = 0;
  IF chosen.places IS NOT NULL THEN
    SELECT array_agg(p.verdict ORDER BY p.place), array_agg(p.first_id ORDER BY p.place) INTO verdicts, firsts
    FROM penstock.queue_publish(chosen.ids, chosen.keys, chosen.fingerprints, chosen.conversations, chosen.partitions,
      chosen.texts, key_window, max_events, max_bytes, 0) WITH ORDINALITY AS p (verdict, first_id, place);
  END IF;
  moment := penstock.now();
  SELECT array_agg(
      CASE
        WHEN m.number IS NULL THEN
          CASE WHEN EXISTS (SELECT 1 FROM penstock.outbox o WHERE o.number = i.number) THEN 7 ELSE 6 END
        WHEN i.fate = 0 THEN coalesce(p.verdict, 0)  -- no verdicts: all were accepted
        ELSE i.fate + 3
      END::smallint ORDER BY i.place),
    array_agg(p.first_id ORDER BY i.place)
  INTO outcomes, firsts
  FROM unnest(numbers, fates) WITH ORDINALITY AS i (number, fate, place)
    LEFT JOIN unnest(mine) AS m (number) ON m.number = i.number
    LEFT JOIN unnest(chosen.places, verdicts, firsts) AS p (place, verdict, first_id) ON p.place = i.place;
  IF outcomes && '{2,4}'::smallint[] THEN
    -- Its key stays free, or a draft that was refused would answer for what comes later.
    INSERT INTO penstock.queue_dead (sequence, partition, published_at, id, key, fingerprint, conversation, customer,
      kind, provider, reason, cause, attempts, replays, dead_at, failures, event)
    SELECT penstock.outbox_sequence(o.number), i.partition, o.created_at, o.id, o.id, o.id, i.conversation, i.customer,
      'outbound_message', '', CASE i.outcome WHEN 2 THEN 'idempotency_key_reused' ELSE i.reason END,
      CASE i.outcome WHEN 2 THEN reused_cause ELSE i.cause END, o.tries + 1, o.replays, moment,
      penstock.queue_failed(o.failures, o.tries + 1, CASE i.outcome
        WHEN 2 THEN 'idempotencyKey: was used for the other content of message ' || i.first_id ELSE i.sentence END, moment),
      left(i.text, -1) || ',"draft":' || to_json(o.draft)::text || '}'
    FROM unnest(numbers, outcomes, firsts, conversations, partitions, customers, texts, reasons, causes, sentences)
        AS i (number, outcome, first_id, conversation, partition, customer, text, reason, cause, sentence)
      JOIN penstock.outbox o ON o.number = i.number
    WHERE i.outcome IN (2, 4);
    GET DIAGNOSTICS buried = ROW_COUNT;
    INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead) VALUES (0, 0, buried);
  END IF;
  IF 5 = ANY (outcomes) THEN
    UPDATE penstock.outbox o SET tries = o.tries + 1, due_at = moment + make_interval(secs => i.delay)
    FROM unnest(numbers, outcomes, delays) AS i (number, outcome, delay)
    WHERE i.outcome = 5 AND o.number = i.number;
  END IF;
  DELETE FROM penstock.outbox o WHERE o.number = ANY (ARRAY(
    SELECT i.number FROM unnest(numbers, outcomes) AS i (number, outcome) WHERE i.outcome IN (0, 1, 2, 4)));
  RETURN QUERY SELECT * FROM unnest(outcomes, firsts);
END $$;

-- Puts dead letters of the outbox back into it, in this order, the first after a time and the others in steps: the
-- policy judges them anew.
CREATE FUNCTION penstock.outbox_replay(which bigint[], delay interval, step interval) RETURNS bigint LANGUAGE sql AS $$
  WITH gone AS (DELETE FROM penstock.queue_dead d WHERE d.sequence = ANY (which) RETURNING d.*),
  back AS (
    INSERT INTO penstock.outbox (number, tx, id, created_at, due_at, tries, replays, failures, draft)
    OVERRIDING SYSTEM VALUE
    SELECT g.sequence - penstock.outbox_sequence(0), pg_current_xact_id()::text::bigint, g.id, g.published_at,
      penstock.now() + delay + step * (array_position(which, g.sequence) - 1), g.attempts, g.replays + 1,
      g.failures, penstock.queue_member(g.event, 'draft')
    FROM gone g
    RETURNING 1
  ),
  counted AS (
    INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead) SELECT 0, 0, -count(*) FROM back HAVING count(*) > 0)
  SELECT count(*) FROM back
$$;
