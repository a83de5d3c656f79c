-- The queue: appended to, leased in ranges of rows that are never changed, and emptied by TRUNCATE.
-- Events, and what is said about their leases, lie in a ring of slots of three tables each. Nothing in a slot is ever
-- updated or deleted; once all events of a slot are settled, its tables are truncated. What comes back (retries, parked
-- events, crash suspects) and dead letters lie in ordinary tables, by the exception they are.
-- All times are the database's.

-- The queue's clock; tests put another in its place.
CREATE FUNCTION penstock.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';

-- The slots; `first` is the sequence of a slot's first event, NULL when its tables are empty; `last` that of its last one,
-- NULL while it is appended to. Slots are emptied in any order, so neither is known from its neighbours.
CREATE TABLE penstock.queue_slots (
  slot smallint PRIMARY KEY CHECK (slot BETWEEN 0 AND 3),
  first bigint,
  first_bytes bigint NOT NULL DEFAULT 0,
  last bigint,
  last_bytes bigint,
  opened_at timestamptz,
  settled boolean NOT NULL DEFAULT false  -- every event was found named by a settlement, so it may be emptied
);
INSERT INTO penstock.queue_slots (slot, first, opened_at)
VALUES (0, 1, now()), (1, NULL, NULL), (2, NULL, NULL), (3, NULL, NULL);

-- Where events are appended, and where keys are; changed by rotation only.
CREATE TABLE penstock.queue_ring (
  one boolean PRIMARY KEY CHECK (one),
  slot smallint NOT NULL REFERENCES penstock.queue_slots (slot),
  key_table smallint NOT NULL CHECK (key_table BETWEEN 0 AND 2),
  key_table_since timestamptz NOT NULL
);
INSERT INTO penstock.queue_ring (one, slot, key_table, key_table_since) VALUES (true, 0, 0, now());

DO $$
BEGIN
  FOR slot IN 0..3 LOOP
    -- bytes: of all events up to this one, so that how much is in a slot is a subtraction.
    EXECUTE format('CREATE TABLE penstock.queue_events_%s (
      sequence bigint PRIMARY KEY,
      partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 63),
      bytes bigint NOT NULL,
      published_at timestamptz NOT NULL,
      id uuid NOT NULL,
      key uuid NOT NULL,
      fingerprint uuid NOT NULL,
      conversation uuid NOT NULL,
      event text NOT NULL
    )', slot);
    -- One row says that events were handed out together; they are leased until then unless they are settled.
    EXECUTE format('CREATE TABLE penstock.queue_handed_%s (
      lease bigint PRIMARY KEY,
      consumer bigint NOT NULL,
      leased_until timestamptz NOT NULL,
      alone boolean NOT NULL,
      last bigint NOT NULL,
      events integer NOT NULL,
      sequences bigint[] NOT NULL
    )', slot);
    -- One row says that events of one lease are settled, or that they have left the slot because it ran out.
    EXECUTE format('CREATE TABLE penstock.queue_settled_%s (
      lease bigint NOT NULL,
      expired boolean NOT NULL,
      events integer NOT NULL,
      bytes bigint NOT NULL,
      sequences bigint[] NOT NULL
    )', slot);
    EXECUTE format('CREATE INDEX ON penstock.queue_settled_%s (lease)', slot);
    EXECUTE format('ALTER TABLE penstock.queue_events_%s SET (autovacuum_enabled = false, toast.autovacuum_enabled = false)', slot);
  END LOOP;
  FOR number IN 0..2 LOOP
    EXECUTE format('CREATE TABLE penstock.queue_keys_%s (
      key uuid PRIMARY KEY,
      fingerprint uuid NOT NULL,
      id uuid NOT NULL,
      known_until timestamptz NOT NULL,
      sequence bigint NOT NULL
    )', number);
  END LOOP;
END $$;

-- All that is in the ring. A statement sees it as it was at one moment, however the ring turns.
CREATE VIEW penstock.queue_events AS
  SELECT 0::smallint AS slot, e.* FROM penstock.queue_events_0 e
  UNION ALL SELECT 1::smallint, e.* FROM penstock.queue_events_1 e
  UNION ALL SELECT 2::smallint, e.* FROM penstock.queue_events_2 e
  UNION ALL SELECT 3::smallint, e.* FROM penstock.queue_events_3 e;

-- Events that have come back: a retry or a parked one waits for due_at; lease is set while one is handed out.
CREATE TABLE penstock.queue_delayed (
  sequence bigint PRIMARY KEY,
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 63),
  published_at timestamptz NOT NULL,
  id uuid NOT NULL,
  key uuid NOT NULL,
  fingerprint uuid NOT NULL,
  conversation uuid NOT NULL,
  due_at timestamptz NOT NULL,
  attempts integer NOT NULL CHECK (attempts >= 0),
  earlier_attempts integer NOT NULL DEFAULT 0,
  expiries_alone integer NOT NULL DEFAULT 0,
  suspect boolean NOT NULL DEFAULT false,
  replays integer NOT NULL DEFAULT 0,
  replayed_at timestamptz,
  lease bigint,
  leased_until timestamptz,
  alone boolean NOT NULL DEFAULT false,
  failures jsonb NOT NULL DEFAULT '[]',
  waits text NOT NULL DEFAULT '',  -- before the next attempt: microseconds by cause, 'pace=250000 retry=2000000'
  event text NOT NULL,
  CHECK ((lease IS NULL) = (leased_until IS NULL))
) WITH (fillfactor = 70);
CREATE INDEX queue_delayed_by_time ON penstock.queue_delayed (due_at, sequence) WHERE lease IS NULL;
CREATE INDEX queue_delayed_by_key ON penstock.queue_delayed (key);
CREATE INDEX queue_delayed_by_lease ON penstock.queue_delayed (lease) WHERE lease IS NOT NULL;

CREATE TABLE penstock.queue_dead (
  sequence bigint PRIMARY KEY,
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 63),
  published_at timestamptz NOT NULL,
  id uuid NOT NULL UNIQUE,
  key uuid NOT NULL,
  fingerprint uuid NOT NULL,
  conversation uuid NOT NULL,
  customer text NOT NULL,
  kind text NOT NULL,
  provider text NOT NULL,
  reason text NOT NULL,
  cause text NOT NULL,
  attempts integer NOT NULL,
  replays integer NOT NULL,
  dead_at timestamptz NOT NULL,
  failures jsonb NOT NULL,
  event text NOT NULL
);
CREATE INDEX queue_dead_by_time ON penstock.queue_dead (dead_at DESC, id);
CREATE INDEX queue_dead_by_cause ON penstock.queue_dead (cause, dead_at DESC, id);
-- Whatever a text is, its beginning fits into an index.
CREATE INDEX queue_dead_by_reason ON penstock.queue_dead (left(reason, 100), dead_at DESC, id);
CREATE INDEX queue_dead_by_provider ON penstock.queue_dead (left(provider, 100), dead_at DESC, id);
CREATE INDEX queue_dead_by_customer ON penstock.queue_dead (left(customer, 100), dead_at DESC, id);
CREATE INDEX queue_dead_by_key ON penstock.queue_dead (key);

-- How many rows queue_delayed and queue_dead hold: the sum of the changes, gathered into one row now and then.
CREATE TABLE penstock.queue_tallies (
  delayed bigint NOT NULL,
  delayed_bytes bigint NOT NULL,
  dead bigint NOT NULL
);

-- Processes that hand events out, and what each may hand out. A process that has not been heard of before
-- attends_until is taken to be gone. floor: everything of its partitions up to there has been handed out. version: changes
-- with the set of its partitions, and whenever it does not know what became of a call; what it hands out must name it.
CREATE TABLE penstock.queue_consumers (
  consumer bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  attends_until timestamptz NOT NULL,
  version bigint NOT NULL DEFAULT 0,
  floor bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE penstock.queue_partitions (
  partition smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 63),
  consumer bigint REFERENCES penstock.queue_consumers (consumer) ON DELETE SET NULL,
  floor bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO penstock.queue_partitions (partition) SELECT generate_series(0, 63);

-- Publishes events. No rows: every one was accepted. Otherwise a row for each: 0 accepted, 1 duplicate, 2 conflict, 3 full;
-- with the id of the first event of its key. One call is one transaction; the lock is held from choosing the slot to the
-- commit, so that the order of sequences is the order of commits, and a reader never passes an event that commits later.
-- `me`: the caller as one that hands out events, or 0; the others are told that there is something new.
CREATE FUNCTION penstock.queue_publish(
  ids uuid[], keys uuid[], fingerprints uuid[], conversations uuid[], partitions smallint[], texts text[],
  key_window interval, max_events bigint, max_bytes bigint, me bigint)
RETURNS TABLE (verdict smallint, first_id uuid)
LANGUAGE plpgsql
SET enable_seqscan = off SET jit = off
AS $$
DECLARE
  ring record;
BEGIN
  PERFORM pg_advisory_xact_lock(7301, 1);
  SELECT r.slot, r.key_table, s.first, s.first_bytes INTO STRICT ring
  FROM penstock.queue_ring r JOIN penstock.queue_slots s ON s.slot = r.slot;
  RETURN QUERY EXECUTE format(
    'SELECT a.verdict, a.first_id FROM penstock.queue_append_%s_%s($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) a',
    ring.slot, ring.key_table)
  USING ids, keys, fingerprints, conversations, partitions, texts, key_window, max_events, max_bytes, ring.first,
    ring.first_bytes;
  IF EXISTS (SELECT 1 FROM penstock.queue_consumers c WHERE c.consumer <> me) THEN
    NOTIFY penstock_queue;
  END IF;
END $$;

-- One function for each slot and each table of keys, so that their plans are kept: planning took longer than the work.
DO $do$
BEGIN
  FOR slot IN 0..3 LOOP FOR number IN 0..2 LOOP
    EXECUTE format($create$
CREATE FUNCTION penstock.queue_append_%1$s_%2$s(
  ids uuid[], keys uuid[], fingerprints uuid[], conversations uuid[], partitions smallint[], texts text[],
  key_window interval, max_events bigint, max_bytes bigint, slot_first bigint, slot_first_bytes bigint)
RETURNS TABLE (verdict smallint, first_id uuid)
LANGUAGE plpgsql
AS $body$
DECLARE
  moment timestamptz := penstock.now();
  head bigint;
  head_bytes bigint;
  room record;
BEGIN
  SELECT e.sequence, e.bytes INTO head, head_bytes FROM penstock.queue_events_%1$s e ORDER BY e.sequence DESC LIMIT 1;
  head := coalesce(head, slot_first - 1);
  head_bytes := coalesce(head_bytes, slot_first_bytes);
  SELECT r.events, r.bytes INTO room FROM penstock.queue_room(head, head_bytes, max_events, max_bytes) r;
  -- As a rule there is room and no key is known, not even one whose window is over.
  IF cardinality(ids) <= room.events
    AND (SELECT sum(octet_length(t)) FROM unnest(texts) AS t) <= room.bytes
    AND (SELECT count(DISTINCT k) FROM unnest(keys) AS k) = cardinality(keys)
    AND NOT EXISTS (SELECT 1 FROM penstock.queue_keys_0 t WHERE t.key = ANY (keys))
    AND NOT EXISTS (SELECT 1 FROM penstock.queue_keys_1 t WHERE t.key = ANY (keys))
    AND NOT EXISTS (SELECT 1 FROM penstock.queue_keys_2 t WHERE t.key = ANY (keys))
    AND NOT EXISTS (SELECT 1 FROM penstock.queue_delayed t WHERE t.key = ANY (keys))
    AND NOT EXISTS (SELECT 1 FROM penstock.queue_dead t WHERE t.key = ANY (keys))
  THEN
    INSERT INTO penstock.queue_keys_%2$s (key, fingerprint, id, known_until, sequence)
    SELECT i.key, i.fingerprint, i.id, moment + key_window, head + i.place
    FROM unnest(keys, fingerprints, ids) WITH ORDINALITY AS i (key, fingerprint, id, place);
    INSERT INTO penstock.queue_events_%1$s
      (sequence, partition, bytes, published_at, id, key, fingerprint, conversation, event)
    SELECT head + i.place, i.partition, head_bytes + sum(octet_length(i.text)) OVER (ORDER BY i.place), moment, i.id, i.key,
      i.fingerprint, i.conversation, i.text
    FROM unnest(ids, keys, fingerprints, conversations, partitions, texts) WITH ORDINALITY
      AS i (id, key, fingerprint, conversation, partition, text, place)
    ORDER BY i.place;
    RETURN;
  END IF;
  RETURN QUERY
  WITH input AS MATERIALIZED (
    SELECT i.place, i.id, i.key, i.fingerprint, i.conversation, i.partition, i.text,
      min(i.place) OVER (PARTITION BY i.key) AS first_place
    FROM unnest(ids, keys, fingerprints, conversations, partitions, texts) WITH ORDINALITY
      AS i (id, key, fingerprint, conversation, partition, text, place)
  ),
  known AS MATERIALIZED (
    SELECT i.place, k.fingerprint, k.id
    FROM input i CROSS JOIN LATERAL (
      SELECT t.fingerprint, t.id FROM penstock.queue_keys_0 t
      WHERE t.key = i.key AND (t.known_until > moment OR penstock.queue_waits(t.sequence))
      UNION ALL
      SELECT t.fingerprint, t.id FROM penstock.queue_keys_1 t
      WHERE t.key = i.key AND (t.known_until > moment OR penstock.queue_waits(t.sequence))
      UNION ALL
      SELECT t.fingerprint, t.id FROM penstock.queue_keys_2 t
      WHERE t.key = i.key AND (t.known_until > moment OR penstock.queue_waits(t.sequence))
      UNION ALL
      SELECT t.fingerprint, t.id FROM penstock.queue_delayed t WHERE t.key = i.key
      UNION ALL
      SELECT t.fingerprint, t.id FROM penstock.queue_dead t WHERE t.key = i.key
      LIMIT 1) k
    WHERE i.first_place = i.place
  ),
  fresh AS MATERIALIZED (
    SELECT i.*, row_number() OVER (ORDER BY i.place) AS number,
      sum(octet_length(i.text)) OVER (ORDER BY i.place) AS bytes
    FROM input i
    WHERE i.first_place = i.place AND NOT EXISTS (SELECT 1 FROM known k WHERE k.place = i.place)
  ),
  fits AS MATERIALIZED (
    SELECT * FROM fresh f WHERE f.number <= room.events AND f.bytes <= room.bytes
  ),
  claimed AS (
    INSERT INTO penstock.queue_keys_%2$s AS t (key, fingerprint, id, known_until, sequence)
    SELECT f.key, f.fingerprint, f.id, moment + key_window, head + f.number FROM fits f
    ON CONFLICT (key) DO UPDATE
    SET fingerprint = excluded.fingerprint, id = excluded.id, known_until = excluded.known_until,
      sequence = excluded.sequence
  ),
  appended AS (
    INSERT INTO penstock.queue_events_%1$s
      (sequence, partition, bytes, published_at, id, key, fingerprint, conversation, event)
    SELECT head + f.number, f.partition, head_bytes + f.bytes, moment, f.id, f.key, f.fingerprint, f.conversation, f.text
    FROM fits f ORDER BY f.number
  )
  SELECT
    CASE
      WHEN k.place IS NOT NULL THEN CASE WHEN k.fingerprint = i.fingerprint THEN 1 ELSE 2 END
      WHEN f.place IS NULL THEN 3
      WHEN i.place = i.first_place THEN 0
      WHEN f.fingerprint = i.fingerprint THEN 1
      ELSE 2
    END::smallint,
    coalesce(k.id, f.id)
  FROM input i
    LEFT JOIN known k ON k.place = i.first_place
    LEFT JOIN fits f ON f.place = i.first_place
  ORDER BY i.place;
END $body$
    $create$, slot, number);
  END LOOP; END LOOP;
END $do$;

-- Whether an event lies in the ring and is not settled. Asked for keys whose window is over and that come again, which
-- happens when events have waited for as long as that.
CREATE FUNCTION penstock.queue_waits(which bigint) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
  home smallint;
  waits boolean;
BEGIN
  SELECT e.slot INTO home FROM penstock.queue_events e WHERE e.sequence = which;
  IF home IS NULL THEN RETURN false; END IF;
  EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM penstock.queue_settled_%s s WHERE s.sequences @> ARRAY[$1])', home)
  INTO waits USING which;
  RETURN waits;
END $$;

-- How much may still be published. What is in the ring is bounded from above by a subtraction; what is settled of it is
-- only summed up when that bound is near.
CREATE FUNCTION penstock.queue_room(
  head bigint, head_bytes bigint, max_events bigint, max_bytes bigint, OUT events bigint, OUT bytes bigint)
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  slot record;
  settled_events bigint;
  settled_bytes bigint;
BEGIN
  SELECT max_events - sum(coalesce(s.last, head) - s.first + 1),
    max_bytes - sum(coalesce(s.last_bytes, head_bytes) - s.first_bytes)
  INTO events, bytes
  FROM penstock.queue_slots s WHERE s.first IS NOT NULL;
  SELECT events - coalesce(sum(t.delayed), 0), bytes - coalesce(sum(t.delayed_bytes), 0) INTO events, bytes
  FROM penstock.queue_tallies t;
  IF events > max_events / 10 AND bytes > max_bytes / 10 THEN RETURN; END IF;
  FOR slot IN SELECT s.slot FROM penstock.queue_slots s WHERE s.first IS NOT NULL LOOP
    EXECUTE format('SELECT coalesce(sum(events), 0), coalesce(sum(bytes), 0) FROM penstock.queue_settled_%s', slot.slot)
    INTO settled_events, settled_bytes;
    events := events + settled_events;
    bytes := bytes + settled_bytes;
  END LOOP;
END $$;

-- The history that the server writes. Another one after a standby was promoted: what processes remember of the queue may
-- then be more than what is there.
CREATE FUNCTION penstock.queue_timeline() RETURNS text LANGUAGE sql AS $$
  SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)
$$;

-- A process begins to hand out events.
CREATE FUNCTION penstock.queue_join(name text, patience interval) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO penstock.queue_consumers (name, attends_until) VALUES (name, penstock.now() + patience) RETURNING consumer
$$;

-- A process shows that it lives, says how far it has come, and is told which partitions it may hand out from. It gives
-- up what is beyond its share itself; what it holds of those partitions it must forget before it hands out more. The first
-- row, partition -1, says that it is known, with the version that its hand-overs must name; without it, it was taken to be
-- gone and has to join again. floor_now holds only for the partitions that the process knows it has: those that it is given
-- by this call, or was given by one whose answer was lost, it has not read.
-- doubt: it does not know whether a hand-over of its was committed; none that is still under way will be.
CREATE FUNCTION penstock.queue_attend(
  me bigint, patience interval, floor_now bigint, known smallint[], doubt boolean)
RETURNS TABLE (partition smallint, floor bigint)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz := penstock.now();
  living integer;
  mine integer;
  share integer;
  unread bigint;
  present bigint;
BEGIN
  -- Waits for a hand-over of its that is being committed.
  UPDATE penstock.queue_consumers c SET attends_until = moment + patience, floor = floor_now
  WHERE c.consumer = me RETURNING c.version INTO present;
  IF NOT FOUND THEN RETURN; END IF;
  IF doubt THEN
    -- Kept even if the answer to this is lost as well.
    UPDATE penstock.queue_partitions p SET floor = greatest(p.floor, floor_now)
    WHERE p.consumer = me AND p.partition = ANY (known);
  END IF;
  -- One that is gone leaves its partitions as far as it had come. The row's lock makes this wait for a hand-over of its
  -- that is being committed, and a later one finds the row gone.
  IF EXISTS (SELECT 1 FROM penstock.queue_consumers c WHERE c.attends_until <= moment) THEN
    WITH gone AS (
      SELECT c.consumer, c.floor FROM penstock.queue_consumers c WHERE c.attends_until <= moment
      FOR UPDATE SKIP LOCKED
    ),
    left_over AS (
      UPDATE penstock.queue_partitions p SET consumer = NULL, floor = greatest(p.floor, g.floor)
      FROM gone g WHERE p.consumer = g.consumer
    )
    DELETE FROM penstock.queue_consumers c USING gone g WHERE c.consumer = g.consumer;
  END IF;
  SELECT count(*) INTO living FROM penstock.queue_consumers c;
  SELECT count(*) INTO mine FROM penstock.queue_partitions p WHERE p.consumer = me;
  share := ceil(64.0 / greatest(living, 1));
  IF mine > share THEN
    UPDATE penstock.queue_partitions p
    SET consumer = NULL, floor = CASE WHEN p.partition = ANY (known) THEN greatest(p.floor, floor_now) ELSE p.floor END
    WHERE p.partition IN (
      SELECT q.partition FROM penstock.queue_partitions q WHERE q.consumer = me ORDER BY q.partition DESC
      LIMIT mine - share);
  ELSIF mine < share THEN
    UPDATE penstock.queue_partitions p SET consumer = me
    WHERE p.partition IN (
      SELECT q.partition FROM penstock.queue_partitions q WHERE q.consumer IS NULL ORDER BY q.partition
      LIMIT share - mine FOR UPDATE SKIP LOCKED);
  END IF;
  SELECT min(p.floor) INTO unread FROM penstock.queue_partitions p WHERE p.consumer = me AND p.partition <> ALL (known);
  IF unread < floor_now THEN
    UPDATE penstock.queue_consumers c SET floor = unread WHERE c.consumer = me;
  END IF;
  IF doubt OR ARRAY(SELECT p.partition FROM penstock.queue_partitions p WHERE p.consumer = me ORDER BY p.partition)
    IS DISTINCT FROM ARRAY(SELECT k FROM unnest(known) AS k ORDER BY k)
  THEN
    UPDATE penstock.queue_consumers c SET version = c.version + 1 WHERE c.consumer = me RETURNING c.version INTO present;
  END IF;
  RETURN QUERY SELECT (-1)::smallint, present
  UNION ALL
  SELECT p.partition, CASE WHEN p.partition = ANY (known) THEN greatest(p.floor, floor_now) ELSE p.floor END
  FROM penstock.queue_partitions p WHERE p.consumer = me ORDER BY 1;
END $$;

-- A process hands nothing out any more. What it says of another timeline is about other events, and its number may be
-- somebody else's by now: then nothing is changed, and its partitions are free once its time is over.
CREATE FUNCTION penstock.queue_leave(me bigint, my_timeline text, floor_now bigint, known smallint[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF penstock.queue_timeline() <> my_timeline THEN RETURN; END IF;
  UPDATE penstock.queue_partitions
  SET consumer = NULL, floor = CASE WHEN partition = ANY (known) THEN greatest(floor, floor_now) ELSE floor END
  WHERE consumer = me;
  DELETE FROM penstock.queue_consumers WHERE consumer = me;
END $$;

-- Commits that events are handed out: those of the ring, so many of each slot, in order within it, and delayed ones by
-- sequence. The lease's number is the caller's own, so that the call may be repeated when its answer was lost. False when
-- the process was taken to be gone, has been given other partitions, or speaks of another timeline.
CREATE FUNCTION penstock.queue_hand_over(
  me bigint, my_version bigint, my_timeline text, number bigint, lease_time interval, is_alone boolean, slots smallint[],
  counts integer[], ring_sequences bigint[], delayed_sequences bigint[])
RETURNS boolean
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
  until timestamptz;
  done integer := 0;
  changed integer;
BEGIN
  PERFORM 1 FROM penstock.queue_consumers c WHERE c.consumer = me AND c.version = my_version FOR SHARE;
  IF NOT FOUND OR penstock.queue_timeline() <> my_timeline THEN RETURN false; END IF;
  until := penstock.now() + lease_time;
  FOR i IN 1..cardinality(slots) LOOP
    EXECUTE format(
      'INSERT INTO penstock.queue_handed_%s (lease, consumer, leased_until, alone, last, events, sequences)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (lease) DO NOTHING', slots[i])
    USING number, me, until, is_alone, ring_sequences[done + counts[i]], counts[i],
      ring_sequences[done + 1:done + counts[i]];
    done := done + counts[i];
  END LOOP;
  IF cardinality(delayed_sequences) > 0 THEN
    UPDATE penstock.queue_delayed d
    SET lease = number, leased_until = until, alone = is_alone,
      attempts = d.attempts + CASE WHEN d.lease IS NULL THEN 1 ELSE 0 END
    WHERE d.sequence = ANY (delayed_sequences) AND (d.lease IS NULL OR d.lease = number);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed <> cardinality(delayed_sequences) THEN
      RAISE EXCEPTION USING ERRCODE = 'PQ001', MESSAGE = 'a delayed event is not to be had';
    END IF;
  END IF;
  RETURN true;
END $$;

-- One more failed attempt, of which at most the last 50 are kept.
CREATE FUNCTION penstock.queue_failed(failures jsonb, attempt integer, reason text, moment timestamptz) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN jsonb_array_length(failures) >= 50
    THEN (SELECT jsonb_agg(e ORDER BY n) FROM jsonb_array_elements(failures) WITH ORDINALITY AS f (e, n)
          WHERE n > jsonb_array_length(failures) - 49)
    ELSE failures END
    || jsonb_build_array(jsonb_build_array((extract(epoch FROM moment) * 1000000)::bigint, attempt, reason))
$$;

-- The columns of a dead letter that are only asked for there.
CREATE FUNCTION penstock.queue_member(event text, member text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  RETURN coalesce(event::jsonb ->> member, '');
EXCEPTION WHEN data_exception THEN
  RETURN '';
END $$;

-- Who was asked to send it, or else who reported it.
CREATE FUNCTION penstock.queue_provider(asked text, event text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE asked WHEN '' THEN penstock.queue_member(event, 'provider') ELSE asked END
$$;

-- Moves delayed events to the dead letters.
CREATE FUNCTION penstock.queue_bury(
  which bigint[], reasons text[], causes text[], providers text[], moment timestamptz)
RETURNS void LANGUAGE sql AS $$
  WITH gone AS (
    DELETE FROM penstock.queue_delayed d
    USING unnest(which, reasons, causes, providers) AS i (sequence, reason, cause, provider)
    WHERE d.sequence = i.sequence
    RETURNING d.*, i.reason, i.cause, i.provider
  ),
  dead AS (
    INSERT INTO penstock.queue_dead (sequence, partition, published_at, id, key, fingerprint, conversation, customer,
      kind, provider, reason, cause, attempts, replays, dead_at, failures, event)
    SELECT sequence, partition, published_at, id, key, fingerprint, conversation,
      penstock.queue_member(event, 'customer'), penstock.queue_member(event, 'kind'),
      penstock.queue_provider(provider, event), reason, cause, attempts + earlier_attempts, replays, moment, failures, event
    FROM gone
  )
  INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead)
  SELECT -count(*), -coalesce(sum(octet_length(event)), 0), count(*) FROM gone HAVING count(*) > 0
$$;

-- Ends leases. outcome: 0 done, 1 retry, 2 dead, 3 release; slot -1: a delayed event. causes and providers are those of
-- dead letters; waited: what queue_delayed.waits becomes, which the caller makes of what it was when the event was read.
-- Returns for each whether it was settled: the lease must not have run out, nor been ended. Locks the leases first and
-- looks at them in a later statement, which sees what was committed while it waited.
CREATE FUNCTION penstock.queue_settle(
  slots smallint[], leases bigint[], sequences bigint[], bytes integer[], outcomes smallint[], delays interval[],
  reasons text[], causes text[], providers text[], waited text[])
RETURNS TABLE (settled boolean)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  one smallint;
  moment timestamptz;
  live bigint[] := '{}';
  mine bigint[];
  held bigint[] := '{}';
BEGIN
  FOR one IN SELECT DISTINCT s FROM unnest(slots) AS s WHERE s >= 0 ORDER BY s LOOP
    EXECUTE format('SELECT 1 FROM penstock.queue_handed_%s h WHERE h.lease = ANY ($1) ORDER BY h.lease FOR UPDATE', one)
    USING leases;
  END LOOP;
  PERFORM 1 FROM penstock.queue_delayed d
  WHERE d.sequence = ANY (ARRAY(SELECT i.sequence FROM unnest(slots, sequences) AS i (slot, sequence) WHERE i.slot < 0))
  ORDER BY d.sequence FOR UPDATE;
  -- One for all slots, because a lease may lie in two.
  moment := penstock.now();
  FOR one IN SELECT DISTINCT s FROM unnest(slots) AS s WHERE s >= 0 ORDER BY s LOOP
    EXECUTE format('SELECT penstock.queue_settle_%s($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', one)
    INTO mine USING slots, leases, sequences, bytes, outcomes, delays, reasons, causes, providers, waited, moment;
    live := live || mine;
  END LOOP;
  IF -1 = ANY (slots) THEN
    SELECT coalesce(array_agg(d.sequence), '{}') INTO held
    FROM unnest(slots, leases, sequences) AS i (slot, lease, sequence)
      JOIN penstock.queue_delayed d ON d.sequence = i.sequence
    WHERE i.slot < 0 AND d.lease = i.lease AND d.leased_until > moment;
    UPDATE penstock.queue_delayed d
    SET lease = NULL, leased_until = NULL, alone = false, due_at = moment + i.delay,
      suspect = d.suspect AND i.outcome = 3,
      attempts = d.attempts - CASE i.outcome WHEN 3 THEN 1 ELSE 0 END,
      failures = CASE i.outcome WHEN 3 THEN d.failures
        ELSE penstock.queue_failed(d.failures, d.attempts, i.reason, moment) END,
      waits = i.waits
    FROM unnest(slots, sequences, outcomes, delays, reasons, waited) AS i (slot, sequence, outcome, delay, reason, waits)
    WHERE i.slot < 0 AND i.outcome IN (1, 3) AND d.sequence = i.sequence AND d.sequence = ANY (held);
    UPDATE penstock.queue_delayed d
    SET failures = penstock.queue_failed(d.failures, d.attempts, i.reason, moment)
    FROM unnest(slots, sequences, outcomes, reasons) AS i (slot, sequence, outcome, reason)
    WHERE i.slot < 0 AND i.outcome = 2 AND d.sequence = i.sequence AND d.sequence = ANY (held);
    PERFORM penstock.queue_bury(array_agg(i.sequence), array_agg(i.reason), array_agg(i.cause), array_agg(i.provider),
      moment)
    FROM unnest(slots, sequences, outcomes, reasons, causes, providers)
      AS i (slot, sequence, outcome, reason, cause, provider)
    WHERE i.slot < 0 AND i.outcome = 2 AND i.sequence = ANY (held);
    WITH gone AS (
      DELETE FROM penstock.queue_delayed d
      USING unnest(slots, sequences, outcomes) AS i (slot, sequence, outcome)
      WHERE i.slot < 0 AND i.outcome = 0 AND d.sequence = i.sequence AND d.sequence = ANY (held)
      RETURNING octet_length(d.event) AS bytes
    )
    INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead)
    SELECT -count(*), -sum(g.bytes), 0 FROM gone g HAVING count(*) > 0;
  END IF;
  RETURN QUERY
  SELECT CASE WHEN i.slot < 0 THEN i.sequence = ANY (held) ELSE i.lease = ANY (live) END
  FROM unnest(slots, leases, sequences) WITH ORDINALITY AS i (slot, lease, sequence, place) ORDER BY i.place;
END $$;

-- The same for the leases of one slot, which are locked; returns those that were still live.
DO $do$
BEGIN
  FOR slot IN 0..3 LOOP
    EXECUTE format($create$
CREATE FUNCTION penstock.queue_settle_%1$s(
  slots smallint[], leases bigint[], sequences bigint[], bytes integer[], outcomes smallint[], delays interval[],
  reasons text[], causes text[], providers text[], waited text[], moment timestamptz)
RETURNS bigint[]
LANGUAGE plpgsql
AS $body$
DECLARE
  asked bigint[] := ARRAY(SELECT DISTINCT l FROM unnest(leases) AS l);
  live bigint[];
BEGIN
  SELECT coalesce(array_agg(h.lease), '{}') INTO live FROM penstock.queue_handed_%1$s h
  WHERE h.lease = ANY (asked) AND h.leased_until > moment
    AND NOT EXISTS (SELECT 1 FROM penstock.queue_settled_%1$s s WHERE s.lease = h.lease AND s.expired);
  -- A call that is repeated because its answer was lost counts nothing twice.
  INSERT INTO penstock.queue_settled_%1$s (lease, expired, events, bytes, sequences)
  SELECT i.lease, false, count(*), sum(i.bytes), array_agg(i.sequence ORDER BY i.sequence)
  FROM unnest(slots, leases, sequences, bytes) AS i (slot, lease, sequence, bytes)
  WHERE i.slot = %1$s AND i.lease = ANY (live) AND i.sequence <> ALL (ARRAY(
    SELECT u FROM penstock.queue_settled_%1$s s CROSS JOIN LATERAL unnest(s.sequences) AS u WHERE s.lease = ANY (asked)))
  GROUP BY i.lease;
  IF NOT EXISTS (SELECT 1 FROM unnest(outcomes) AS o WHERE o <> 0) THEN RETURN live; END IF;
  WITH input AS MATERIALIZED (
    SELECT i.outcome, i.delay, i.reason, i.cause, i.provider, i.waits, e.*
    FROM unnest(slots, leases, sequences, outcomes, delays, reasons, causes, providers, waited)
        AS i (slot, lease, sequence, outcome, delay, reason, cause, provider, waits)
      JOIN penstock.queue_events_%1$s e ON e.sequence = i.sequence
    WHERE i.slot = %1$s AND i.lease = ANY (live) AND i.outcome <> 0
  ),
  back AS (
    INSERT INTO penstock.queue_delayed (sequence, partition, published_at, id, key, fingerprint, conversation,
      due_at, attempts, failures, waits, event)
    SELECT sequence, partition, published_at, id, key, fingerprint, conversation, moment + delay,
      CASE outcome WHEN 3 THEN 0 ELSE 1 END,
      CASE outcome WHEN 3 THEN '[]'::jsonb ELSE penstock.queue_failed('[]', 1, reason, moment) END, waits, event
    FROM input WHERE outcome IN (1, 3)
    ON CONFLICT (sequence) DO NOTHING
    RETURNING event
  ),
  dead AS (
    INSERT INTO penstock.queue_dead (sequence, partition, published_at, id, key, fingerprint, conversation,
      customer, kind, provider, reason, cause, attempts, replays, dead_at, failures, event)
    SELECT sequence, partition, published_at, id, key, fingerprint, conversation,
      penstock.queue_member(event, 'customer'), penstock.queue_member(event, 'kind'),
      penstock.queue_provider(provider, event), reason, cause, 1, 0, moment,
      penstock.queue_failed('[]', 1, reason, moment), event
    FROM input WHERE outcome = 2
    ON CONFLICT DO NOTHING
    RETURNING 1
  )
  INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead)
  SELECT (SELECT count(*) FROM back), (SELECT coalesce(sum(octet_length(event)), 0) FROM back),
    (SELECT count(*) FROM dead);
  RETURN live;
END $body$
    $create$, slot);
  END LOOP;
END $do$;

-- Ends leases whose events are all done, as nearly all are: so many of `sequences` belong to each. In the order of the
-- slots; returns for each lease whether it was settled, as queue_settle does.
CREATE FUNCTION penstock.queue_done(
  slots smallint[], leases bigint[], counts integer[], bytes bigint[], sequences bigint[])
RETURNS TABLE (settled boolean)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
  place integer := 1;
  upto integer;
  done integer := 0;
  taken integer;
BEGIN
  WHILE place <= cardinality(slots) LOOP
    upto := place;
    taken := counts[place];
    WHILE upto < cardinality(slots) AND slots[upto + 1] = slots[place] LOOP
      upto := upto + 1;
      taken := taken + counts[upto];
    END LOOP;
    RETURN QUERY EXECUTE format('SELECT d FROM penstock.queue_done_%s($1, $2, $3, $4) AS d', slots[place])
    USING leases[place:upto], counts[place:upto], bytes[place:upto], sequences[done + 1:done + taken];
    done := done + taken;
    place := upto + 1;
  END LOOP;
END $$;

DO $do$
BEGIN
  FOR slot IN 0..3 LOOP
    EXECUTE format($create$
CREATE FUNCTION penstock.queue_done_%1$s(leases bigint[], counts integer[], bytes bigint[], sequences bigint[])
RETURNS SETOF boolean
LANGUAGE plpgsql
AS $body$
#variable_conflict use_column
DECLARE
  moment timestamptz;
  live bigint[];
  known bigint[];
  part bigint[];
  done integer := 0;
BEGIN
  PERFORM 1 FROM penstock.queue_handed_%1$s h WHERE h.lease = ANY (leases) ORDER BY h.lease FOR UPDATE;
  moment := penstock.now();
  live := ARRAY(
    SELECT h.lease FROM penstock.queue_handed_%1$s h
    WHERE h.lease = ANY (leases) AND h.leased_until > moment
      AND NOT EXISTS (SELECT 1 FROM penstock.queue_settled_%1$s s WHERE s.lease = h.lease AND s.expired));
  -- A call that is repeated because its answer was lost counts nothing twice.
  known := ARRAY(
    SELECT u FROM penstock.queue_settled_%1$s s CROSS JOIN LATERAL unnest(s.sequences) AS u WHERE s.lease = ANY (leases));
  FOR i IN 1..cardinality(leases) LOOP
    part := sequences[done + 1:done + counts[i]];
    done := done + counts[i];
    CONTINUE WHEN leases[i] <> ALL (live);
    IF part && known THEN
      INSERT INTO penstock.queue_settled_%1$s (lease, expired, events, bytes, sequences)
      SELECT leases[i], false, count(*), sum(octet_length(e.event)), array_agg(e.sequence ORDER BY e.sequence)
      FROM penstock.queue_events_%1$s e WHERE e.sequence = ANY (part) AND e.sequence <> ALL (known)
      HAVING count(*) > 0;
    ELSE
      INSERT INTO penstock.queue_settled_%1$s (lease, expired, events, bytes, sequences)
      VALUES (leases[i], false, counts[i], bytes[i], part);
    END IF;
  END LOOP;
  RETURN QUERY SELECT l = ANY (live) FROM unnest(leases) WITH ORDINALITY AS u (l, place) ORDER BY u.place;
END $body$
    $create$, slot);
  END LOOP;
END $do$;

-- Ends leases that have run out: what is not settled of them becomes a suspect. One that ran out alone for the third
-- time is handed out for nothing but its end; after three of these it becomes a dead letter of this cause. Returns for each event asked about: 0 it is away (dead, settled, or not due),
-- 1 it is a suspect that waits, 2 its lease has not run out yet, 3 this call made a dead letter of it.
CREATE FUNCTION penstock.queue_expire(slots smallint[], leases bigint[], sequences bigint[], cause text)
RETURNS TABLE (fate smallint)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  one smallint;
  moment timestamptz;
  early bigint[] := '{}';
  mine bigint[];
  out_of_time bigint[] := '{}';
  poison bigint[];
BEGIN
  FOR one IN SELECT DISTINCT s FROM unnest(slots) AS s WHERE s >= 0 ORDER BY s LOOP
    EXECUTE format('SELECT 1 FROM penstock.queue_handed_%s h WHERE h.lease = ANY ($1) ORDER BY h.lease FOR UPDATE', one)
    USING leases;
  END LOOP;
  PERFORM 1 FROM penstock.queue_delayed d WHERE d.sequence = ANY (sequences) ORDER BY d.sequence FOR UPDATE;
  moment := penstock.now();
  FOR one IN SELECT DISTINCT s FROM unnest(slots) AS s WHERE s >= 0 ORDER BY s LOOP
    EXECUTE format($query$
      SELECT coalesce(array_agg(h.lease) FILTER (WHERE h.leased_until > $2), '{}'),
        coalesce(array_agg(h.lease) FILTER (WHERE h.leased_until <= $2), '{}')
      FROM penstock.queue_handed_%1$s h WHERE h.lease = ANY ($1)
    $query$, one) INTO mine, out_of_time USING leases, moment;
    early := early || mine;
    EXECUTE format($query$
      WITH left_over AS MATERIALIZED (
        SELECT h.lease, u.sequence
        FROM penstock.queue_handed_%1$s h CROSS JOIN LATERAL unnest(h.sequences) AS u (sequence)
        WHERE h.lease = ANY ($1)
          AND NOT EXISTS (
            SELECT 1 FROM penstock.queue_settled_%1$s s WHERE s.lease = h.lease AND u.sequence = ANY (s.sequences))
      ),
      ended AS (
        INSERT INTO penstock.queue_settled_%1$s (lease, expired, events, bytes, sequences)
        SELECT l.lease, true, count(*), sum(octet_length(e.event)), array_agg(l.sequence ORDER BY l.sequence)
        FROM left_over l JOIN penstock.queue_events_%1$s e ON e.sequence = l.sequence
        GROUP BY l.lease
      ),
      back AS (
        INSERT INTO penstock.queue_delayed (sequence, partition, published_at, id, key, fingerprint, conversation,
          due_at, attempts, suspect, failures, event)
        SELECT e.sequence, e.partition, e.published_at, e.id, e.key, e.fingerprint, e.conversation, $2, 1, true,
          penstock.queue_failed('[]', 1, 'lease_expired', $2), e.event
        FROM left_over l JOIN penstock.queue_events_%1$s e ON e.sequence = l.sequence
        WHERE NOT EXISTS (SELECT 1 FROM penstock.queue_dead d WHERE d.sequence = l.sequence)
        ON CONFLICT (sequence) DO NOTHING
        RETURNING event
      )
      INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead)
      SELECT count(*), sum(octet_length(event)), 0 FROM back HAVING count(*) > 0
    $query$, one) USING out_of_time, moment;
  END LOOP;
  UPDATE penstock.queue_delayed d
  SET lease = NULL, leased_until = NULL, alone = false, due_at = moment, suspect = true,
    expiries_alone = d.expiries_alone + CASE WHEN d.alone THEN 1 ELSE 0 END,
    failures = penstock.queue_failed(d.failures, d.attempts, 'lease_expired', moment)
  FROM unnest(slots, leases, sequences) AS i (slot, lease, sequence)
  WHERE i.slot < 0 AND d.sequence = i.sequence AND d.lease = i.lease AND d.leased_until <= moment;
  SELECT array_agg(d.sequence) INTO poison FROM penstock.queue_delayed d
  WHERE d.sequence = ANY (sequences) AND d.lease IS NULL AND d.expiries_alone >= 6;
  IF poison IS NOT NULL THEN
    PERFORM penstock.queue_bury(poison, array_fill('crash_suspect'::text, ARRAY[cardinality(poison)]),
      array_fill(cause, ARRAY[cardinality(poison)]), array_fill(''::text, ARRAY[cardinality(poison)]), moment);
  END IF;
  RETURN QUERY
  SELECT CASE
      WHEN i.sequence = ANY (poison) THEN 3
      WHEN i.slot >= 0 AND i.lease = ANY (early) THEN 2
      WHEN d.sequence IS NULL THEN 0
      WHEN d.lease = i.lease THEN 2
      WHEN d.lease IS NULL AND d.due_at <= moment THEN 1
      ELSE 0
    END::smallint
  FROM unnest(slots, leases, sequences) WITH ORDINALITY AS i (slot, lease, sequence, place)
    LEFT JOIN penstock.queue_delayed d ON d.sequence = i.sequence
  ORDER BY i.place;
END $$;

-- Delayed events of these partitions that are due, without those that the reader has; hardly more than so many bytes.
CREATE FUNCTION penstock.queue_read_due(partitions smallint[], known bigint[], most integer, most_bytes bigint)
RETURNS TABLE (sequence bigint, slot smallint, partition smallint, born_at timestamptz, id uuid, conversation uuid,
  event text, ready_since timestamptz, attempts integer, expiries_alone integer, suspect boolean, earlier_attempts integer,
  waits text)
LANGUAGE sql
AS $$
  SELECT r.sequence, (-1)::smallint, r.partition, coalesce(r.replayed_at, r.published_at), r.id, r.conversation, r.event,
    r.due_at, r.attempts, r.expiries_alone, r.suspect, r.earlier_attempts, r.waits
  FROM (
    SELECT w.*, sum(octet_length(w.event)) OVER (ORDER BY w.due_at, w.sequence) - octet_length(w.event) AS bytes_before
    FROM (
      SELECT * FROM penstock.queue_delayed d
      WHERE d.lease IS NULL AND d.due_at <= penstock.now() AND d.partition = ANY (partitions) AND d.sequence <> ALL (known)
      ORDER BY d.due_at, d.sequence LIMIT most) AS w) AS r
  WHERE r.bytes_before < most_bytes
  ORDER BY r.due_at, r.sequence
$$;

-- What was handed out after a sequence, by whomever; a reader that has just been given partitions may come across it.
CREATE FUNCTION penstock.queue_handed_after(after bigint) RETURNS TABLE (sequence bigint)
LANGUAGE plpgsql
AS $$
DECLARE
  one smallint;
BEGIN
  FOR one IN SELECT s.slot FROM penstock.queue_slots s WHERE s.first IS NOT NULL LOOP
    RETURN QUERY EXECUTE format(
      'SELECT u.sequence FROM penstock.queue_handed_%s h CROSS JOIN LATERAL unnest(h.sequences) AS u (sequence)
       WHERE h.last > $1 AND u.sequence > $1', one) USING after;
  END LOOP;
END $$;

-- Leases of others on events of these partitions that are neither settled nor ended, however long they still run.
CREATE FUNCTION penstock.queue_leases_of(partitions smallint[], known bigint[])
RETURNS TABLE (sequence bigint, slot smallint, partition smallint, id uuid, conversation uuid, lease bigint,
  remaining interval, event text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  one smallint;
BEGIN
  FOR one IN SELECT s.slot FROM penstock.queue_slots s WHERE s.first IS NOT NULL ORDER BY s.first LOOP
    RETURN QUERY EXECUTE format($query$
      SELECT u.sequence, %1$s::smallint, e.partition, e.id, e.conversation, h.lease, h.leased_until - penstock.now(), e.event
      FROM penstock.queue_handed_%1$s h CROSS JOIN LATERAL unnest(h.sequences) AS u (sequence)
        JOIN penstock.queue_events_%1$s e ON e.sequence = u.sequence
      -- Most leases are settled whole, which the sums say soonest.
      WHERE h.events > (
          SELECT coalesce(sum(s.events), 0) FROM penstock.queue_settled_%1$s s WHERE s.lease = h.lease)
        AND e.partition = ANY ($1) AND u.sequence <> ALL ($2)
        AND NOT EXISTS (
          SELECT 1 FROM penstock.queue_settled_%1$s s WHERE s.lease = h.lease AND u.sequence = ANY (s.sequences))
    $query$, one) USING partitions, known;
  END LOOP;
  RETURN QUERY
  SELECT d.sequence, (-1)::smallint, d.partition, d.id, d.conversation, d.lease, d.leased_until - penstock.now(), d.event
  FROM penstock.queue_delayed d
  WHERE d.lease IS NOT NULL AND d.partition = ANY (partitions) AND d.sequence <> ALL (known);
END $$;

-- Which of these leases of others are over.
CREATE FUNCTION penstock.queue_leases_over(slots smallint[], leases bigint[], sequences bigint[])
RETURNS TABLE (sequence bigint)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  one smallint;
BEGIN
  FOR one IN SELECT DISTINCT s FROM unnest(slots) AS s WHERE s >= 0 LOOP
    RETURN QUERY EXECUTE format($query$
      SELECT i.sequence FROM unnest($1, $2, $3) AS i (slot, lease, sequence)
      WHERE i.slot = $4 AND (
        NOT EXISTS (SELECT 1 FROM penstock.queue_handed_%1$s h WHERE h.lease = i.lease)
        OR EXISTS (
          SELECT 1 FROM penstock.queue_settled_%1$s s WHERE s.lease = i.lease AND i.sequence = ANY (s.sequences)))
    $query$, one) USING slots, leases, sequences, one;
  END LOOP;
  RETURN QUERY
  SELECT i.sequence FROM unnest(slots, leases, sequences) AS i (slot, lease, sequence)
  WHERE i.slot < 0 AND NOT EXISTS (
    SELECT 1 FROM penstock.queue_delayed d WHERE d.sequence = i.sequence AND d.lease = i.lease);
END $$;

-- When the next delayed event of these partitions is due after now, as a time from now.
CREATE FUNCTION penstock.queue_next_due(partitions smallint[]) RETURNS interval LANGUAGE sql AS $$
  SELECT d.due_at - penstock.now() FROM penstock.queue_delayed d
  WHERE d.lease IS NULL AND d.due_at > penstock.now() AND d.partition = ANY (partitions)
  ORDER BY d.due_at LIMIT 1
$$;

-- What is in the queue, without counting it row by row.
CREATE FUNCTION penstock.queue_stats(OUT live bigint, OUT leased bigint, OUT scheduled bigint, OUT dead bigint,
  OUT bytes bigint, OUT oldest interval)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
  one record;
  head bigint;
  head_bytes bigint;
  due bigint;
  handed bigint;
  done bigint;
  done_bytes bigint;
  born timestamptz;
  passed bigint;
BEGIN
  -- Up to there everything has been handed out, as far as owners have said.
  SELECT min(greatest(p.floor, c.floor)) INTO passed
  FROM penstock.queue_partitions p LEFT JOIN penstock.queue_consumers c ON c.consumer = p.consumer;
  SELECT coalesce(sum(t.delayed), 0), coalesce(sum(t.delayed_bytes), 0), coalesce(sum(t.dead), 0)
  INTO live, bytes, dead FROM penstock.queue_tallies t;
  -- A pause may park a million: only what is leased and what is due is counted, and of that no more than it takes to see.
  SELECT count(*) INTO leased FROM penstock.queue_delayed d WHERE d.lease IS NOT NULL;
  SELECT count(*), penstock.now() - min(w.due_at) INTO due, oldest FROM (
    SELECT d.due_at FROM penstock.queue_delayed d
    WHERE d.lease IS NULL AND d.due_at <= penstock.now() ORDER BY d.due_at LIMIT 100000) AS w;
  scheduled := greatest(0, live - leased - due);
  FOR one IN SELECT s.slot, s.first, s.first_bytes FROM penstock.queue_slots s WHERE s.first IS NOT NULL ORDER BY s.first LOOP
    EXECUTE format('SELECT e.sequence, e.bytes FROM penstock.queue_events_%s e ORDER BY e.sequence DESC LIMIT 1', one.slot)
    INTO head, head_bytes;
    CONTINUE WHEN head IS NULL;
    EXECUTE format('SELECT coalesce(sum(h.events), 0) FROM penstock.queue_handed_%s h', one.slot) INTO handed;
    EXECUTE format('SELECT coalesce(sum(s.events), 0), coalesce(sum(s.bytes), 0) FROM penstock.queue_settled_%s s', one.slot)
    INTO done, done_bytes;
    live := live + (head - one.first + 1) - done;
    bytes := bytes + (head_bytes - one.first_bytes) - done_bytes;
    leased := leased + greatest(0, handed - done);
    IF handed < head - one.first + 1 THEN
      EXECUTE format('SELECT e.published_at FROM penstock.queue_events_%s e WHERE e.sequence > $1
        ORDER BY e.sequence LIMIT 1', one.slot) INTO born USING passed;
      oldest := greatest(oldest, penstock.now() - born);
    END IF;
  END LOOP;
  oldest := coalesce(oldest, '0');
END $$;

-- Turns the ring by one step: empties a slot that is all settled, or opens the next slot when the present one has had its
-- share, or does the same for the keys. Each step waits for its locks only briefly and is left for the next time when it
-- does not get them. Returns -2 after a step, because there may be another; -1 when there was nothing to do; otherwise the
-- slot that could not be emptied because of somebody's lock.
CREATE FUNCTION penstock.queue_rotate(slot_events bigint, slot_age interval, key_window interval)
RETURNS smallint
LANGUAGE plpgsql
AS $$
DECLARE
  moment timestamptz;
  ring record;
  one record;
  head bigint;
  head_bytes bigint;
  next smallint;
  blocked smallint := -1;
  oldest timestamptz;
  all_settled boolean;
BEGIN
  IF NOT pg_try_advisory_xact_lock(7301, 2) THEN RETURN -1; END IF;
  moment := penstock.now();
  FOR one IN
    SELECT s.slot, s.settled, s.last - s.first + 1 AS events
    FROM penstock.queue_slots s WHERE s.last IS NOT NULL ORDER BY s.first
  LOOP
    IF NOT one.settled THEN
      EXECUTE format('SELECT coalesce(sum(events), 0) >= $1 FROM penstock.queue_settled_%s', one.slot)
      INTO all_settled USING one.events;
      CONTINUE WHEN NOT all_settled;
      -- The truth, not the sums: an event is only gone when a settlement names it. Settlements are only added, so what is
      -- true stays true, and nobody has to wait while it is found out.
      EXECUTE format('SELECT count(DISTINCT u.sequence) = $1
        FROM penstock.queue_settled_%s s CROSS JOIN LATERAL unnest(s.sequences) AS u (sequence)', one.slot)
      INTO all_settled USING one.events;
      CONTINUE WHEN NOT all_settled;
      UPDATE penstock.queue_slots s SET settled = true WHERE s.slot = one.slot;
    END IF;
    BEGIN
      SET LOCAL lock_timeout = '50ms';
      EXECUTE format('LOCK TABLE penstock.queue_events_%1$s, penstock.queue_handed_%1$s, penstock.queue_settled_%1$s IN ACCESS EXCLUSIVE MODE', one.slot);
      EXECUTE format('TRUNCATE penstock.queue_events_%1$s, penstock.queue_handed_%1$s, penstock.queue_settled_%1$s', one.slot);
      UPDATE penstock.queue_slots s SET first = NULL, last = NULL, last_bytes = NULL, opened_at = NULL, settled = false
      WHERE s.slot = one.slot;
      RETURN -2;
    EXCEPTION WHEN lock_not_available THEN
      blocked := one.slot;
    END;
  END LOOP;
  SELECT r.slot, r.key_table, r.key_table_since, s.first, s.first_bytes, s.opened_at INTO STRICT ring
  FROM penstock.queue_ring r JOIN penstock.queue_slots s ON s.slot = r.slot;
  EXECUTE format('SELECT sequence FROM penstock.queue_events_%s ORDER BY sequence DESC LIMIT 1', ring.slot) INTO head;
  IF head IS NOT NULL AND (head - ring.first + 1 >= slot_events OR moment - ring.opened_at >= slot_age) THEN
    SELECT s.slot INTO next FROM penstock.queue_slots s WHERE s.first IS NULL
    ORDER BY (s.slot - ring.slot + 4) % 4 LIMIT 1;
    IF next IS NOT NULL THEN
      BEGIN
        SET LOCAL lock_timeout = '200ms';
        PERFORM pg_advisory_xact_lock(7301, 1);
        EXECUTE format('SELECT sequence, bytes FROM penstock.queue_events_%s ORDER BY sequence DESC LIMIT 1', ring.slot)
        INTO head, head_bytes;
        UPDATE penstock.queue_slots s SET last = head, last_bytes = head_bytes WHERE s.slot = ring.slot;
        UPDATE penstock.queue_slots s SET first = head + 1, first_bytes = head_bytes, opened_at = moment WHERE s.slot = next;
        UPDATE penstock.queue_ring r SET slot = next;
        RETURN CASE WHEN blocked >= 0 THEN blocked ELSE -2 END;
      EXCEPTION WHEN lock_not_available THEN
        NULL;
      END;
    END IF;
  END IF;
  -- Keys: two tables are read beside the one that is written. Every half window the oldest is emptied and written next;
  -- all its keys are past their window, unless an event older than that still waits in the ring.
  IF moment - ring.key_table_since >= key_window / 2 THEN
    SELECT min(s.opened_at) INTO oldest FROM penstock.queue_slots s
    WHERE s.first IS NOT NULL AND NOT (s.slot = ring.slot AND head IS NULL);
    IF oldest IS NULL OR oldest > moment - key_window THEN
      BEGIN
        SET LOCAL lock_timeout = '200ms';
        PERFORM pg_advisory_xact_lock(7301, 1);
        EXECUTE format('TRUNCATE penstock.queue_keys_%s', (ring.key_table + 1) % 3);
        UPDATE penstock.queue_ring r SET key_table = (ring.key_table + 1) % 3, key_table_since = moment;
        RETURN CASE WHEN blocked >= 0 THEN blocked ELSE -2 END;
      EXCEPTION WHEN lock_not_available THEN
        NULL;
      END;
    END IF;
  END IF;
  IF (SELECT count(*) FROM penstock.queue_tallies) > 100 THEN
    WITH gone AS (DELETE FROM penstock.queue_tallies t RETURNING t.delayed, t.delayed_bytes, t.dead)
    INSERT INTO penstock.queue_tallies SELECT sum(delayed), sum(delayed_bytes), sum(dead) FROM gone;
  END IF;
  RETURN blocked;
END $$;

-- Removes dead letters that have been kept long enough, or are more than there may be; oldest first.
CREATE FUNCTION penstock.queue_forget_dead(retention interval, most bigint, at_once integer) RETURNS bigint LANGUAGE sql AS $$
  WITH over AS (SELECT greatest(0, coalesce(sum(t.dead), 0) - most) AS count FROM penstock.queue_tallies t),
  old AS (
    SELECT o.sequence, o.dead_at FROM penstock.queue_dead o, over
    WHERE over.count > 0 OR o.dead_at <= penstock.now() - retention
    ORDER BY o.dead_at, o.id DESC LIMIT at_once
  ),
  ranked AS (SELECT o.sequence, o.dead_at, row_number() OVER (ORDER BY o.dead_at) AS number FROM old o),
  gone AS (
    DELETE FROM penstock.queue_dead d USING ranked r, over
    WHERE d.sequence = r.sequence AND (r.dead_at <= penstock.now() - retention OR r.number <= over.count)
    RETURNING 1
  ),
  counted AS (
    INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead) SELECT 0, 0, -count(*) FROM gone HAVING count(*) > 0
  )
  SELECT count(*) FROM gone
$$;

-- Makes dead letters ready again, in this order, as far as there is room: the first after a time, the others in steps.
CREATE FUNCTION penstock.queue_replay(which bigint[], delay interval, step interval, max_events bigint, max_bytes bigint)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
  room_events bigint;
  room_bytes bigint;
  head bigint;
  head_bytes bigint;
  ring smallint;
  replayed bigint;
  moment timestamptz := penstock.now();
BEGIN
  SELECT r.slot INTO ring FROM penstock.queue_ring r;
  EXECUTE format('SELECT sequence, bytes FROM penstock.queue_events_%s ORDER BY sequence DESC LIMIT 1', ring)
  INTO head, head_bytes;
  IF head IS NULL THEN
    SELECT s.first - 1, s.first_bytes INTO head, head_bytes FROM penstock.queue_slots s WHERE s.slot = ring;
  END IF;
  SELECT r.events, r.bytes INTO room_events, room_bytes
  FROM penstock.queue_room(head, head_bytes, max_events, max_bytes) r;
  WITH chosen AS MATERIALIZED (
    SELECT d.*, row_number() OVER (ORDER BY w.place) AS number,
      sum(octet_length(d.event)) OVER (ORDER BY w.place) AS sum_bytes
    FROM unnest(which) WITH ORDINALITY AS w (sequence, place) JOIN penstock.queue_dead d ON d.sequence = w.sequence
  ),
  fits AS MATERIALIZED (SELECT c.* FROM chosen c WHERE c.number <= room_events AND c.sum_bytes <= room_bytes),
  gone AS (DELETE FROM penstock.queue_dead d USING fits f WHERE d.sequence = f.sequence RETURNING d.sequence),
  back AS (
    INSERT INTO penstock.queue_delayed (sequence, partition, published_at, id, key, fingerprint, conversation, due_at,
      attempts, earlier_attempts, suspect, replays, replayed_at, failures, event)
    SELECT f.sequence, f.partition, f.published_at, f.id, f.key, f.fingerprint, f.conversation,
      moment + delay + step * (f.number - 1), 0, f.attempts, f.reason = 'crash_suspect', f.replays + 1,
      moment + delay + step * (f.number - 1), f.failures, f.event
    FROM fits f JOIN gone g ON g.sequence = f.sequence
    RETURNING event
  ),
  counted AS (
    INSERT INTO penstock.queue_tallies (delayed, delayed_bytes, dead)
    SELECT count(*), sum(octet_length(event)), -count(*) FROM back HAVING count(*) > 0
  )
  SELECT count(*) INTO replayed FROM back;
  IF replayed > 0 THEN
    NOTIFY penstock_queue;
  END IF;
  RETURN replayed;
END $$;
