-- Conversations, messages and attempts, with what is counted about them, and the values shared by processes.
-- Keys and hashes are 128 bits and lie in uuid columns. Text that is a key compares byte by byte.

CREATE TABLE penstock.conversations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Hash of customer, channel and key: what makes two conversations the same. One column finds it whatever the planner
  -- knows about the others, and makes for a small index.
  identity uuid NOT NULL UNIQUE,
  customer text COLLATE "C" NOT NULL CHECK (customer <> ''),
  channel text COLLATE "C" NOT NULL CHECK (channel IN ('sms', 'email')),
  key text COLLATE "C" NOT NULL CHECK (key <> ''),
  participant_a text COLLATE "C" NOT NULL CHECK (participant_a <> ''),
  participant_b text COLLATE "C" NOT NULL CHECK (participant_b <> ''),
  message_count bigint NOT NULL DEFAULT 0 CHECK (message_count >= 0),
  last_activity_at timestamptz NOT NULL,
  -- NULL only inside the transaction that makes the conversation. Refers to messages, but without a check for each
  -- message: only persist_messages writes it, together with the message.
  last_message uuid
);

-- A list without a channel merges the entries of both, so each index serves the list with and without it. Every message
-- moves its conversation in each of them, which is most of what keeping it costs; so a list that nobody can ask for yet,
-- that of one customer, is filtered out of the first.
CREATE INDEX conversations_by_activity ON penstock.conversations (channel, last_activity_at, id);
CREATE INDEX conversations_by_participant_a
  ON penstock.conversations (participant_a, channel, last_activity_at, id);
CREATE INDEX conversations_by_participant_b
  ON penstock.conversations (participant_b, channel, last_activity_at, id);

-- How many conversations a list has; an empty customer or participant stands for any. A conversation is first written
-- into conversations_uncounted and gathered from there, so that no row is updated by every writer: a row that is
-- updated again and again becomes slow while some transaction stays open.
CREATE TABLE penstock.conversation_counts (
  customer text COLLATE "C" NOT NULL,
  participant text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  conversations bigint NOT NULL,
  PRIMARY KEY (customer, participant, channel)
);

CREATE TABLE penstock.conversations_uncounted (
  customer text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  participant_a text COLLATE "C" NOT NULL,
  participant_b text COLLATE "C" NOT NULL
);

CREATE TABLE penstock.messages (
  id uuid PRIMARY KEY,
  conversation bigint NOT NULL REFERENCES penstock.conversations (id),
  customer text COLLATE "C" NOT NULL,
  direction text COLLATE "C" NOT NULL CHECK (direction IN ('outbound', 'inbound')),
  channel text COLLATE "C" NOT NULL CHECK (channel IN ('sms', 'email')),
  type text COLLATE "C" NOT NULL CHECK (type IN ('sms', 'mms', 'email')),
  sender text NOT NULL,
  recipient text NOT NULL,
  "timestamp" timestamptz NOT NULL,
  snippet text NOT NULL,
  status text COLLATE "C" NOT NULL
    CHECK (status IN ('accepted', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed', 'dead', 'received')),
  -- The last grant: attempts are granted in rising order, so each is granted at most once.
  attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
  token bytea NOT NULL DEFAULT '',
  granted_to text COLLATE "C" NOT NULL DEFAULT '',  -- the provider
  -- Attempts up to this one leave no doubt: a person replayed the message after them, or a lookup proved that they sent
  -- nothing. One after it that is unknown may have sent the message.
  settled_attempts integer NOT NULL DEFAULT 0,
  provider text COLLATE "C" NOT NULL,
  provider_message_id text COLLATE "C" NOT NULL,
  sent_at timestamptz,
  key uuid NOT NULL,
  fingerprint uuid NOT NULL,
  policy uuid NOT NULL,
  request_id text NOT NULL,
  accepted_at timestamptz NOT NULL,
  persisted_at timestamptz NOT NULL,
  subject text NOT NULL,
  attachments text NOT NULL,
  metadata text NOT NULL,
  -- Kept byte for byte; convert_from(body, 'UTF8') shows it. A long one lies apart, so that a status is written without.
  body bytea NOT NULL,
  CHECK ((direction = 'inbound') = (status = 'received')),
  CONSTRAINT messages_by_key UNIQUE (key, fingerprint, customer)
) WITH (fillfactor = 85);

CREATE INDEX messages_by_time ON penstock.messages (conversation, "timestamp", id);
CREATE INDEX messages_by_sending ON penstock.messages (sent_at, id) WHERE sent_at IS NOT NULL;
-- The key of an inbound message, in the scope that every key has.
CREATE UNIQUE INDEX messages_by_inbound_id ON penstock.messages (provider_message_id, provider, channel, customer)
  WHERE direction = 'inbound' AND provider_message_id <> '';
CREATE INDEX messages_by_outbound_id ON penstock.messages (provider_message_id, provider, id)
  WHERE direction = 'outbound' AND provider_message_id <> '';

-- Ids of events that turned out to be a message that is there already.
CREATE TABLE penstock.aliases (
  alias uuid PRIMARY KEY,
  message uuid NOT NULL REFERENCES penstock.messages (id)
);

CREATE TABLE penstock.attempts (
  message uuid NOT NULL REFERENCES penstock.messages (id),
  number integer NOT NULL CHECK (number >= 1),
  token bytea NOT NULL,
  outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('sent', 'not_sent', 'unknown')),
  ending text COLLATE "C" NOT NULL CHECK (ending IN ('open', 'failed', 'dead')),
  provider text NOT NULL,
  provider_message_id text NOT NULL,
  http_status integer NOT NULL,
  error text NOT NULL,
  started_at timestamptz NOT NULL,
  latency bigint NOT NULL,  -- microseconds
  waits text NOT NULL,      -- microseconds by cause, a JSON object
  PRIMARY KEY (message, number, token)
);

-- Delivery reports that came before the send was recorded.
CREATE TABLE penstock.unmatched_reports (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider text COLLATE "C" NOT NULL,
  provider_message_id text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL,
  kept_at timestamptz NOT NULL,
  UNIQUE (provider_message_id, provider, status)
);

CREATE INDEX unmatched_reports_by_age ON penstock.unmatched_reports (kept_at, id);

-- The moves a status may make, by what causes them. Reports and outcomes only move up:
-- accepted < sending < unknown < sent < delivered < read, or to an end. A message that waits for its next attempt is
-- accepted again, but only by outcomes that prove that nothing was sent; and one that may have been sent is sending
-- again only when the provider that was asked recognises a repetition, or a person has said so by a replay.
CREATE TABLE penstock.status_moves (
  cause text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  target text COLLATE "C" NOT NULL,
  PRIMARY KEY (cause, source, target)
);

INSERT INTO penstock.status_moves (cause, source, target) VALUES
  ('begin', 'accepted', 'sending'),
  ('resend', 'accepted', 'sending'),
  ('resend', 'sending', 'sending'),
  ('resend', 'unknown', 'sending'),
  ('replay', 'sending', 'sending'),
  ('replay', 'unknown', 'sending'),
  ('replay', 'failed', 'sending'),
  ('replay', 'dead', 'sending'),
  ('lost', 'sending', 'unknown'),
  ('sent', 'accepted', 'sent'),
  ('sent', 'sending', 'sent'),
  ('sent', 'unknown', 'sent'),
  ('not_sent', 'sending', 'accepted'),
  ('not_sent', 'unknown', 'accepted'),
  ('failed', 'accepted', 'failed'),
  ('failed', 'sending', 'failed'),
  ('failed', 'unknown', 'failed'),
  ('dead', 'accepted', 'dead'),
  ('dead', 'sending', 'dead'),
  ('dead', 'unknown', 'dead'),
  ('unknown', 'accepted', 'unknown'),
  ('unknown', 'sending', 'unknown'),
  ('report', 'accepted', 'sent'),
  ('report', 'accepted', 'delivered'),
  ('report', 'accepted', 'read'),
  ('report', 'accepted', 'failed'),
  ('report', 'sending', 'sent'),
  ('report', 'sending', 'delivered'),
  ('report', 'sending', 'read'),
  ('report', 'sending', 'failed'),
  ('report', 'unknown', 'sent'),
  ('report', 'unknown', 'delivered'),
  ('report', 'unknown', 'read'),
  ('report', 'unknown', 'failed'),
  ('report', 'sent', 'delivered'),
  ('report', 'sent', 'read'),
  ('report', 'sent', 'failed'),
  ('report', 'delivered', 'read');

CREATE FUNCTION penstock.refuse_to_move_back() RETURNS trigger
LANGUAGE plpgsql SET search_path = penstock, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM status_moves WHERE source = OLD.status AND target = NEW.status) THEN
    RAISE EXCEPTION 'a message never moves back' USING ERRCODE = 'check_violation', CONSTRAINT = 'messages_never_move_back';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER messages_never_move_back BEFORE UPDATE OF status ON penstock.messages
FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
EXECUTE FUNCTION penstock.refuse_to_move_back();

-- How many messages were sent is the sum of these; they are gathered into one row now and then.
CREATE TABLE penstock.sent_counts (
  messages bigint NOT NULL
);

CREATE TABLE penstock.shared_values (
  name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
  value bytea NOT NULL,
  version bigint NOT NULL
);

-- A bucket that has filled up is as good as none, so those are forgotten.
CREATE TABLE penstock.token_buckets (
  name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
  tokens double precision NOT NULL,
  filled_at timestamptz NOT NULL,
  full_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE INDEX token_buckets_by_fullness ON penstock.token_buckets (full_at);

-- Locks of this schema beside those of its rows: (class, key). Whoever wants several takes them in rising order.
--   1, conversation: held by who makes a conversation, so that no second one burns an id for the same
--   2, report: held by who applies a delivery report or records the send that it may belong to

-- Keeps a batch of messages, each of which differs from the others in id, in (customer, key, fingerprint) and, when
-- inbound, in (customer, channel, provider, provider_message_id). One row for each, numbered as in the arrays. Further
-- ids of a message, by its number, become aliases, as does the id of an event whose message is there already.
--
-- Conversations are locked before anything is written and in a fixed order, and messages are written in the order of
-- their keys, so writers wait for each other but never in a circle.
CREATE FUNCTION penstock.persist_messages(
  ids uuid[], customers text[], keys uuid[], fingerprints uuid[], policies uuid[],
  identities uuid[], channels text[], conversation_keys text[], participants_a text[], participants_b text[],
  directions text[], types text[], senders text[], recipients text[], timestamps timestamptz[], snippets text[],
  providers text[], provider_message_ids text[], request_ids text[], accepted timestamptz[],
  subjects text[], attachment_lists text[], metadatas text[], bodies bytea[], now_ timestamptz,
  alias_ids uuid[], alias_of bigint[])
RETURNS TABLE (number bigint, message uuid, conversation bigint, status text, inserted boolean, key_reused boolean)
LANGUAGE plpgsql SET search_path = penstock, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  fresh boolean[];          -- whether each event is no message yet
  reused boolean[];         -- whether its key is known with other content
  locks integer[];
  homes bigint[];           -- conversation of each event, 0 for those that are not fresh
  made bigint[] := '{}';    -- conversations made here
  written uuid[];           -- messages inserted here
BEGIN
  -- Nearly always no key is known; of inbound messages the provider's id has to be looked for too.
  IF 'inbound' = ANY (directions) OR EXISTS (SELECT FROM messages AS m WHERE m.key = ANY (keys)) THEN
    SELECT array_agg(NOT e.known ORDER BY e.n), array_agg(e.key_known ORDER BY e.n)
    INTO fresh, reused
    FROM (
      SELECT
        u.n,
        k.same IS TRUE OR (u.direction = 'inbound' AND u.provider_message_id <> '' AND EXISTS (
          SELECT FROM messages AS m
          WHERE m.provider_message_id = u.provider_message_id AND m.provider = u.provider AND m.channel = u.channel
            AND m.customer = u.customer AND m.direction = 'inbound' AND m.provider_message_id <> '')) AS known,
        k.same IS FALSE AS key_known
      FROM unnest(customers, keys, fingerprints, directions, channels, providers, provider_message_ids)
        WITH ORDINALITY AS u (customer, key, fingerprint, direction, channel, provider, provider_message_id, n)
      CROSS JOIN LATERAL (
        SELECT bool_or(m.fingerprint = u.fingerprint) AS same
        FROM messages AS m WHERE m.key = u.key AND m.customer = u.customer) AS k) AS e;
  ELSE
    fresh := array_fill(true, ARRAY[cardinality(ids)]);
    reused := array_fill(false, ARRAY[cardinality(ids)]);
  END IF;

  IF true = ANY (fresh) THEN
    -- Who makes conversations takes locks for them first, and looks again once it has them. Nearly always all are there.
    IF (SELECT count(*) FROM conversations AS c WHERE c.identity = ANY (identities))
      < (SELECT count(DISTINCT i) FROM unnest(identities) AS i)
    THEN
      SELECT array_agg(DISTINCT hashtext(u.identity::text) & 63)
      INTO locks
      FROM unnest(identities, fresh) AS u (identity, fresh)
      WHERE u.fresh AND NOT EXISTS (SELECT FROM conversations AS c WHERE c.identity = u.identity);
    END IF;
    IF locks IS NOT NULL THEN
      PERFORM pg_advisory_xact_lock(1, l) FROM (SELECT unnest(locks) AS l ORDER BY 1) AS ordered;
      WITH added AS (
        INSERT INTO conversations (identity, customer, channel, key, participant_a, participant_b, last_activity_at)
        SELECT d.identity, d.customer, d.channel, d.key, d.a, d.b, d.at
        FROM (
          SELECT DISTINCT ON (u.identity) u.*
          FROM unnest(identities, customers, channels, conversation_keys, participants_a, participants_b, timestamps,
                      fresh)
            WITH ORDINALITY AS u (identity, customer, channel, key, a, b, at, fresh, n)
          WHERE u.fresh AND NOT EXISTS (SELECT FROM conversations AS c WHERE c.identity = u.identity)
          ORDER BY u.identity, u.n) AS d
        ORDER BY d.n
        ON CONFLICT DO NOTHING
        RETURNING id)
      SELECT coalesce(array_agg(id), '{}') INTO made FROM added;
    END IF;

    SELECT array_agg(CASE WHEN u.fresh THEN c.id ELSE 0 END ORDER BY u.n)
    INTO homes
    FROM unnest(identities, fresh) WITH ORDINALITY AS u (identity, fresh, n)
    LEFT JOIN (
      SELECT l.id, l.identity FROM conversations AS l WHERE l.identity = ANY (identities)
      ORDER BY l.id FOR NO KEY UPDATE) AS c
      ON c.identity = u.identity;

    WITH added AS (
      INSERT INTO messages
        (id, conversation, customer, direction, channel, type, sender, recipient, "timestamp", snippet, status,
         provider, provider_message_id, key, fingerprint, policy, request_id, accepted_at, persisted_at, subject,
         attachments, metadata, body)
      SELECT
        u.id, u.conversation, u.customer, u.direction, u.channel, u.type, u.sender, u.recipient, u.at, u.snippet,
        CASE u.direction WHEN 'inbound' THEN 'received' ELSE 'accepted' END, u.provider, u.provider_message_id, u.key,
        u.fingerprint, u.policy, u.request_id, u.accepted_at, now_, u.subject, u.attachments, u.metadata, u.body
      FROM unnest(ids, homes, customers, directions, channels, types, senders, recipients, timestamps, snippets,
                  providers, provider_message_ids, keys, fingerprints, policies, request_ids, accepted,
                  subjects, attachment_lists, metadatas, bodies)
        AS u (id, conversation, customer, direction, channel, type, sender, recipient, at, snippet, provider,
              provider_message_id, key, fingerprint, policy, request_id, accepted_at, subject, attachments, metadata,
              body)
      WHERE u.conversation <> 0
      ORDER BY u.key, u.fingerprint, u.customer
      ON CONFLICT DO NOTHING
      RETURNING id, conversation, "timestamp"),
    newest AS (
      SELECT DISTINCT ON (a.conversation) a.conversation, a.id, a."timestamp",
        count(*) OVER (PARTITION BY a.conversation) AS messages
      FROM added AS a
      ORDER BY a.conversation, a."timestamp" DESC, a.id DESC),
    counted AS (
      UPDATE conversations AS c
      SET message_count = c.message_count + n.messages,
        last_activity_at =
          CASE WHEN c.last_message IS NULL THEN n."timestamp" ELSE greatest(c.last_activity_at, n."timestamp") END,
        last_message = CASE
          WHEN c.last_message IS NULL OR (n."timestamp", n.id) > (c.last_activity_at, c.last_message) THEN n.id
          ELSE c.last_message
        END
      FROM newest AS n
      WHERE c.id = n.conversation)
    SELECT coalesce(array_agg(a.id), '{}') INTO written FROM added AS a;

    IF cardinality(made) > 0 THEN
      -- None stays empty, whoever was faster with its messages.
      DELETE FROM conversations AS c WHERE c.id = ANY (made) AND c.message_count = 0;
      INSERT INTO conversations_uncounted (customer, channel, participant_a, participant_b)
      SELECT c.customer, c.channel, c.participant_a, c.participant_b FROM conversations AS c WHERE c.id = ANY (made);
    END IF;
  END IF;

  IF cardinality(written) = cardinality(ids) THEN
    INSERT INTO aliases (alias, message)
    SELECT u.alias, ids[u.n] FROM unnest(alias_ids, alias_of) AS u (alias, n) WHERE u.alias <> ids[u.n] ORDER BY u.alias
    ON CONFLICT DO NOTHING;
    RETURN QUERY
    SELECT u.n, u.id, u.home, CASE u.direction WHEN 'inbound' THEN 'received' ELSE 'accepted' END, true,
      u.reused
    FROM unnest(ids, homes, directions, reused) WITH ORDINALITY AS u (id, home, direction, reused, n);
    RETURN;
  END IF;

  RETURN QUERY
  WITH stored AS (
    SELECT u.n, u.id AS event, m.id, m.conversation, m.status, w.id IS NOT NULL AS inserted, u.reused
    FROM unnest(ids, customers, keys, fingerprints, directions, channels, providers, provider_message_ids, reused)
      WITH ORDINALITY
      AS u (id, customer, key, fingerprint, direction, channel, provider, provider_message_id, reused, n)
    LEFT JOIN unnest(written) AS w (id) ON w.id = u.id
    CROSS JOIN LATERAL (
      SELECT f.id, f.conversation, f.status
      FROM (
        SELECT m.id, m.conversation, m.status, 1 AS choice
        FROM messages AS m
        WHERE m.key = u.key AND m.fingerprint = u.fingerprint AND m.customer = u.customer
        UNION ALL
        SELECT m.id, m.conversation, m.status, 2
        FROM messages AS m
        WHERE u.direction = 'inbound' AND u.provider_message_id <> '' AND m.direction = 'inbound'
          AND m.provider_message_id <> '' AND m.provider_message_id = u.provider_message_id
          AND m.provider = u.provider AND m.channel = u.channel AND m.customer = u.customer
        UNION ALL
        SELECT m.id, m.conversation, m.status, 3 FROM messages AS m WHERE m.id = u.id) AS f
      ORDER BY f.choice
      LIMIT 1) AS m),
  aliased AS (
    INSERT INTO aliases (alias, message)
    SELECT a.alias, s.id
    FROM (
      SELECT stored.event AS alias, stored.n FROM stored
      UNION ALL SELECT u.alias, u.n FROM unnest(alias_ids, alias_of) AS u (alias, n)) AS a
    JOIN stored AS s ON s.n = a.n
    WHERE a.alias <> s.id
    ORDER BY a.alias
    ON CONFLICT DO NOTHING)
  SELECT s.n, s.id, s.conversation, s.status, s.inserted, s.inserted AND s.reused FROM stored AS s;
END
$$;

-- Applies a batch of delivery reports in its order, forward only. A report names its message by our own id, if it knows
-- it, or by the provider's. By our own only the provider that was asked last is heard, and of a message that is known by
-- another id of its, no failure. A status of '' is none that a report can have. What belongs to no message yet waits in
-- unmatched_reports.
CREATE FUNCTION penstock.take_reports(
  providers text[], provider_message_ids text[], statuses text[], own_ids uuid[], now_ timestamptz)
RETURNS TABLE (number bigint, message uuid, conversation bigint, status text, result text)
LANGUAGE plpgsql SET search_path = penstock, pg_temp AS $$
#variable_conflict use_column
DECLARE
  report record;
  found_ record;
BEGIN
  PERFORM pg_advisory_xact_lock(2, l)
  FROM (
    SELECT DISTINCT hashtext(u.provider || ' ' || u.id) & 255 AS l
    FROM unnest(providers, provider_message_ids) AS u (provider, id) WHERE u.id <> '' ORDER BY 1) AS ordered;
  PERFORM FROM (
    SELECT FROM messages AS m
    WHERE m.id = ANY (own_ids || ARRAY(
      SELECT f.id
      FROM messages AS f
      JOIN (SELECT DISTINCT * FROM unnest(providers, provider_message_ids)) AS u (provider, id)
        ON f.provider_message_id = u.id AND f.provider = u.provider
      WHERE f.direction = 'outbound' AND f.provider_message_id <> ''))
    ORDER BY m.id FOR NO KEY UPDATE) AS locked;
  FOR report IN
    SELECT u.*
    FROM unnest(providers, provider_message_ids, statuses, own_ids) WITH ORDINALITY
      AS u (provider, id, status, own, n)
    ORDER BY u.n
  LOOP
    number := report.n;
    SELECT m.id, m.conversation, m.status, m.sent_at, true AS own INTO found_
    FROM messages AS m
    WHERE m.id = report.own AND m.direction = 'outbound' AND m.granted_to = report.provider AND report.status <> ''
      AND (m.provider_message_id IN ('', report.id) OR report.status <> 'failed');
    IF NOT FOUND THEN
      SELECT m.id, m.conversation, m.status, m.sent_at, false AS own INTO found_
      FROM messages AS m
      WHERE m.provider_message_id = report.id AND m.provider = report.provider AND m.direction = 'outbound'
        AND m.provider_message_id <> ''
      ORDER BY m.id DESC
      LIMIT 1;
    END IF;
    message := found_.id;
    conversation := found_.conversation;
    status := found_.status;
    IF report.status = '' OR (report.id = '' AND message IS NULL) THEN
      result := 'unreadable';
    ELSIF message IS NULL THEN
      INSERT INTO unmatched_reports (provider, provider_message_id, status, kept_at)
      VALUES (report.provider, report.id, report.status, now_)
      ON CONFLICT DO NOTHING;
      result := CASE WHEN FOUND THEN 'kept' ELSE 'stale' END;
    ELSE
      UPDATE messages AS m
      SET status = report.status,
        provider = CASE WHEN found_.own AND m.provider_message_id = '' THEN report.provider ELSE m.provider END,
        provider_message_id =
          CASE WHEN found_.own AND m.provider_message_id = '' THEN report.id ELSE m.provider_message_id END,
        sent_at = CASE WHEN found_.own AND report.status <> 'failed' THEN coalesce(m.sent_at, now_) ELSE m.sent_at END
      WHERE m.id = found_.id AND EXISTS (
        SELECT FROM status_moves AS s
        WHERE s.cause = 'report' AND s.source = m.status AND s.target = report.status);
      IF FOUND THEN
        result := 'applied';
        status := report.status;
        IF found_.own AND found_.sent_at IS NULL AND report.status <> 'failed' THEN
          INSERT INTO sent_counts (messages) VALUES (1);
        END IF;
      ELSE
        result := 'stale';
      END IF;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Keeps how attempts ended, no two of one message. An attempt is kept once; one that was kept as unknown may be kept
-- again with what has become known. Sent moves the status whoever asks, because it is true. Not sent and unknown only
-- move it for the attempt that was granted last, or for one that ended before it was granted. While another attempt is
-- in doubt, one that was not sent leaves the message unknown; and once none is, the message is as its last attempt left
-- it. Reports that waited for a send are applied. One row: the numbers of the attempts that were kept, and what became
-- of reports.
CREATE FUNCTION penstock.record_attempts(
  messages_ uuid[], numbers integer[], tokens bytea[], outcomes text[], endings text[], providers text[],
  provider_message_ids text[], http_statuses integer[], errors text[], starts timestamptz[], latencies bigint[],
  waits_ text[], earlier_not_sent boolean[])
RETURNS TABLE (sent bigint, not_sent bigint, unknown bigint, applied bigint, stale bigint)
LANGUAGE plpgsql SET search_path = penstock, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  moved uuid[];  -- messages that are sent now
  report record;
BEGIN
  PERFORM pg_advisory_xact_lock(2, l)
  FROM (
    SELECT DISTINCT hashtext(u.provider || ' ' || u.id) & 255 AS l
    FROM unnest(providers, provider_message_ids, outcomes) AS u (provider, id, outcome)
    WHERE u.outcome = 'sent' AND u.id <> '' ORDER BY 1) AS ordered;
  PERFORM FROM (
    SELECT FROM messages AS m WHERE m.id = ANY (messages_) ORDER BY m.id FOR NO KEY UPDATE) AS locked;

  WITH ended AS (
    SELECT
      u.*, m.status,
      CASE
        WHEN u.disproved AND m.attempt = u.number AND m.token = u.token THEN greatest(m.settled_attempts, u.number - 1)
        ELSE m.settled_attempts
      END AS settled
    FROM unnest(messages_, numbers, tokens, outcomes, endings, providers, provider_message_ids, http_statuses, errors,
                starts, latencies, waits_, earlier_not_sent)
      AS u (message, number, token, outcome, ending, provider, provider_message_id, http_status, error,
            started_at, latency, waits, disproved)
    JOIN messages AS m ON m.id = u.message),
  kept AS (
    INSERT INTO attempts AS a
      (message, number, token, outcome, ending, provider, provider_message_id, http_status, error, started_at, latency,
       waits)
    SELECT
      e.message, e.number, e.token, e.outcome, e.ending, e.provider, e.provider_message_id, e.http_status,
      e.error, e.started_at, e.latency, e.waits
    FROM ended AS e
    ORDER BY e.message
    ON CONFLICT (message, number, token) DO UPDATE SET
      outcome = excluded.outcome,
      ending = CASE
        WHEN excluded.outcome = 'not_sent' AND excluded.ending = 'open' THEN a.ending
        ELSE excluded.ending
      END,
      provider_message_id = excluded.provider_message_id,
      http_status = excluded.http_status,
      error = excluded.error
    WHERE a.outcome = 'unknown' AND excluded.outcome <> 'unknown'
    RETURNING a.message, a.outcome, a.ending),
  -- Attempts are seen here as they were before this batch.
  judged AS MATERIALIZED (
    SELECT
      e.message, e.number, e.token, e.outcome, e.provider, e.provider_message_id, e.started_at, e.latency, e.settled,
      CASE
        WHEN e.outcome <> 'not_sent' THEN e.outcome
        WHEN EXISTS (
          SELECT FROM attempts AS a
          WHERE a.message = e.message AND a.number > e.settled AND a.outcome = 'unknown'
            AND (a.number <> e.number OR a.token <> e.token)) THEN 'unknown'
        WHEN e.status = 'unknown' THEN coalesce(
          (SELECT a.ending FROM attempts AS a
           WHERE a.message = e.message AND a.number > e.number ORDER BY a.number DESC LIMIT 1),
          k.ending)
        ELSE e.ending
      END AS judgement
    FROM ended AS e
    JOIN kept AS k ON k.message = e.message),
  changed AS (
    UPDATE messages AS m
    SET
      status = CASE j.judgement WHEN 'open' THEN 'accepted' ELSE j.judgement END,
      settled_attempts = greatest(m.settled_attempts, j.settled),
      provider = CASE j.outcome WHEN 'sent' THEN j.provider ELSE m.provider END,
      provider_message_id = CASE j.outcome WHEN 'sent' THEN j.provider_message_id ELSE m.provider_message_id END,
      sent_at = CASE j.outcome WHEN 'sent' THEN j.started_at + j.latency * interval '1 microsecond' ELSE m.sent_at END
    FROM judged AS j
    WHERE m.id = j.message
      AND (j.outcome = 'sent' OR (m.attempt = j.number AND m.token = j.token)
           OR (m.status = 'accepted' AND m.attempt <= j.number) OR m.status = 'unknown')
      AND EXISTS (
        SELECT FROM status_moves AS s
        WHERE s.cause = CASE j.judgement WHEN 'open' THEN 'not_sent' ELSE j.judgement END AND s.source = m.status
          AND s.target = CASE j.judgement WHEN 'open' THEN 'accepted' ELSE j.judgement END)
    RETURNING m.id, j.outcome)
  SELECT
    (SELECT count(*) FROM kept AS k WHERE k.outcome = 'sent'),
    (SELECT count(*) FROM kept AS k WHERE k.outcome = 'not_sent'),
    (SELECT count(*) FROM kept AS k WHERE k.outcome = 'unknown'),
    (SELECT array_agg(c.id) FROM changed AS c WHERE c.outcome = 'sent')
  INTO sent, not_sent, unknown, moved;

  applied := 0;
  stale := 0;
  IF moved IS NOT NULL THEN
    INSERT INTO sent_counts (messages) VALUES (cardinality(moved));
    FOR report IN
      SELECT r.id, r.status, m.id AS message
      FROM messages AS m
      JOIN unmatched_reports AS r ON r.provider_message_id = m.provider_message_id AND r.provider = m.provider
      WHERE m.id = ANY (moved) AND m.provider_message_id <> ''
      ORDER BY r.id
    LOOP
      UPDATE messages AS m SET status = report.status
      WHERE m.id = report.message AND EXISTS (
        SELECT FROM status_moves AS s
        WHERE s.cause = 'report' AND s.source = m.status AND s.target = report.status);
      IF FOUND THEN
        applied := applied + 1;
      ELSE
        stale := stale + 1;
      END IF;
      DELETE FROM unmatched_reports AS r WHERE r.id = report.id;
    END LOOP;
  END IF;
  RETURN NEXT;
END
$$;

-- Takes up to `wanted` tokens from a bucket that fills with `rate` a second up to `capacity`. A clock set back neither
-- empties nor freezes it.
CREATE FUNCTION penstock.take_tokens(
  bucket text, wanted double precision, rate double precision, capacity double precision, now_ timestamptz)
RETURNS double precision
LANGUAGE plpgsql SET search_path = penstock, pg_temp AS $$
#variable_conflict use_column
DECLARE
  kept record;
  level double precision;
  taken double precision;
BEGIN
  INSERT INTO token_buckets (name, tokens, filled_at, full_at) VALUES (bucket, capacity, now_, now_)
  ON CONFLICT DO NOTHING;
  SELECT b.tokens, b.filled_at INTO kept FROM token_buckets AS b WHERE b.name = bucket FOR UPDATE;
  IF NOT FOUND THEN
    -- It was forgotten between the two statements, because it was full.
    INSERT INTO token_buckets (name, tokens, filled_at, full_at) VALUES (bucket, capacity, now_, now_)
    ON CONFLICT DO NOTHING;
    SELECT b.tokens, b.filled_at INTO kept FROM token_buckets AS b WHERE b.name = bucket FOR UPDATE;
  END IF;
  level := least(kept.tokens + greatest(extract(epoch FROM now_ - kept.filled_at), 0) * rate, capacity);
  taken := least(level, wanted);
  UPDATE token_buckets AS b
  SET tokens = level - taken, filled_at = now_,
    full_at = CASE
      WHEN rate > 0 THEN now_ + least((capacity - level + taken) / rate, 3e9) * interval '1 second'
      ELSE 'infinity'
    END
  WHERE b.name = bucket;
  RETURN taken;
END
$$;
