-- Conversations, messages and attempts, with what is counted about them, and the values shared by processes.
-- Times are microseconds since 1970 (UTC). Ids, keys and hashes are 16 raw bytes.
-- Runs on SQLite 3.34 and later: no STRICT tables, no RETURNING.

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL CHECK (customer <> ''),
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  key TEXT NOT NULL CHECK (key <> ''),
  participant_a TEXT NOT NULL CHECK (participant_a <> ''),
  participant_b TEXT NOT NULL CHECK (participant_b <> ''),
  message_count INTEGER NOT NULL CHECK (message_count >= 0),
  last_activity_at INTEGER NOT NULL,
  -- NULL only inside the transaction that makes the conversation.
  last_message BLOB REFERENCES messages (id),
  UNIQUE (customer, channel, key)
);

-- A list without a channel merges the entries of both, so each index serves the list with and without it.
CREATE INDEX conversations_by_activity ON conversations (channel, last_activity_at, id);
CREATE INDEX conversations_by_customer ON conversations (customer, channel, last_activity_at, id);
CREATE INDEX conversations_by_participant_a ON conversations (participant_a, channel, last_activity_at, id, customer);
CREATE INDEX conversations_by_participant_b
  ON conversations (participant_b, channel, last_activity_at, id, customer, participant_a);

-- How many conversations a list has; an empty customer or participant stands for any.
CREATE TABLE conversation_counts (
  customer TEXT NOT NULL,
  participant TEXT NOT NULL,
  channel TEXT NOT NULL,
  conversations INTEGER NOT NULL,
  PRIMARY KEY (customer, participant, channel)
) WITHOUT ROWID;

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  conversation INTEGER NOT NULL REFERENCES conversations (id),
  customer TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('outbound', 'inbound')),
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
  type TEXT NOT NULL CHECK (type IN ('sms', 'mms', 'email')),
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  timestamp INTEGER NOT NULL,
  snippet TEXT NOT NULL,
  status TEXT NOT NULL
    CHECK (status IN ('accepted', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed', 'dead', 'received')),
  -- The last grant: attempts are granted in rising order, so each is granted at most once.
  attempt INTEGER NOT NULL CHECK (attempt >= 0),
  token BLOB NOT NULL,
  granted_to TEXT NOT NULL DEFAULT '',  -- the provider
  -- Attempts up to this one leave no doubt: a person replayed the message after them, or a lookup proved that they sent
  -- nothing. One after it that is unknown may have sent the message.
  settled_attempts INTEGER NOT NULL DEFAULT 0,
  provider TEXT NOT NULL,
  provider_message_id TEXT NOT NULL,
  sent_at INTEGER,
  key BLOB NOT NULL CHECK (length(key) = 16),
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
  policy BLOB NOT NULL CHECK (length(policy) = 16),
  request_id TEXT NOT NULL,
  accepted_at INTEGER NOT NULL,
  persisted_at INTEGER NOT NULL,
  CHECK ((direction = 'inbound') = (status = 'received')),
  UNIQUE (customer, key, fingerprint)
);

CREATE INDEX messages_by_time ON messages (conversation, timestamp, id);
CREATE INDEX messages_by_sending ON messages (sent_at, id) WHERE sent_at IS NOT NULL;
-- The key of an inbound message, in the scope that every key has.
CREATE UNIQUE INDEX messages_by_inbound_id ON messages (customer, channel, provider, provider_message_id)
  WHERE direction = 'inbound' AND provider_message_id <> '';
CREATE INDEX messages_by_outbound_id ON messages (provider, provider_message_id)
  WHERE direction = 'outbound' AND provider_message_id <> '';

-- What never changes and may be long, so that a status is written without it.
CREATE TABLE contents (
  message INTEGER PRIMARY KEY REFERENCES messages (seq),
  subject TEXT NOT NULL,
  attachments TEXT NOT NULL,
  metadata TEXT NOT NULL,
  body TEXT NOT NULL
);

-- Ids of events that turned out to be a message that is there already.
CREATE TABLE aliases (
  alias BLOB PRIMARY KEY CHECK (length(alias) = 16),
  message INTEGER NOT NULL REFERENCES messages (seq)
) WITHOUT ROWID;

CREATE TABLE attempts (
  message INTEGER NOT NULL REFERENCES messages (seq),
  number INTEGER NOT NULL CHECK (number >= 1),
  token BLOB NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'not_sent', 'unknown')),
  ending TEXT NOT NULL CHECK (ending IN ('open', 'failed', 'dead')),
  provider TEXT NOT NULL,
  provider_message_id TEXT NOT NULL,
  http_status INTEGER NOT NULL,
  error TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  latency INTEGER NOT NULL,
  waits TEXT NOT NULL,
  PRIMARY KEY (message, number, token)
) WITHOUT ROWID;

-- Delivery reports that came before the send was recorded.
CREATE TABLE unmatched_reports (
  id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  provider_message_id TEXT NOT NULL,
  status TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  UNIQUE (provider, provider_message_id, status)
);

CREATE INDEX unmatched_reports_by_age ON unmatched_reports (kept_at, id);

-- The moves a status may make, by what causes them. Reports and outcomes only move up:
-- accepted < sending < unknown < sent < delivered < read, or to an end. A message that waits for its next attempt is
-- accepted again, but only by outcomes that prove that nothing was sent; and one that may have been sent is sending
-- again only when the provider that was asked recognises a repetition, or a person has said so by a replay.
CREATE TABLE status_moves (
  cause TEXT NOT NULL,
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (cause, source, target)
) WITHOUT ROWID;

INSERT INTO status_moves (cause, source, target) VALUES
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

CREATE TRIGGER messages_never_move_back BEFORE UPDATE OF status ON messages
WHEN OLD.status <> NEW.status
  AND NOT EXISTS (SELECT 1 FROM status_moves WHERE source = OLD.status AND target = NEW.status)
BEGIN
  SELECT RAISE(ABORT, 'a message never moves back');
END;

-- Totals of lists that no conversation keeps.
CREATE TABLE counts (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL CHECK (value >= 0)
) WITHOUT ROWID;

INSERT INTO counts (name, value) VALUES ('sent', 0), ('unmatched_reports', 0);

CREATE TABLE shared_values (
  name TEXT PRIMARY KEY CHECK (name <> ''),
  value BLOB NOT NULL,
  version INTEGER NOT NULL
) WITHOUT ROWID;

-- A bucket that has filled up is as good as none, so those are forgotten.
CREATE TABLE token_buckets (
  name TEXT PRIMARY KEY CHECK (name <> ''),
  tokens REAL NOT NULL,
  filled_at INTEGER NOT NULL,
  full_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX token_buckets_by_fullness ON token_buckets (full_at);
