-- Events, the leases and retries of those that have been handed out, the keys that are known, and dead letters.
-- Times are microseconds since 1970 (UTC). Ids, keys and hashes are 16 raw bytes.

CREATE TABLE events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL CHECK (length(id) = 16),
  key BLOB NOT NULL CHECK (length(key) = 16),
  conversation BLOB NOT NULL CHECK (length(conversation) = 16),
  published_at INTEGER NOT NULL,
  customer TEXT NOT NULL,
  provider TEXT NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL
);

-- Events that have been handed out or have come back. handed: 0 waits for due_at, 1 leased, 2 leased alone.
CREATE TABLE states (
  sequence INTEGER PRIMARY KEY REFERENCES events (sequence),
  handed INTEGER NOT NULL CHECK (handed IN (0, 1, 2)),
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  earlier_attempts INTEGER NOT NULL CHECK (earlier_attempts >= 0),
  expiries_alone INTEGER NOT NULL CHECK (expiries_alone >= 0),
  suspect INTEGER NOT NULL CHECK (suspect IN (0, 1)),
  replays INTEGER NOT NULL CHECK (replays >= 0),
  replayed_at INTEGER,
  waits TEXT NOT NULL DEFAULT ''  -- before the next attempt: microseconds by cause, 'pace=250000 retry=2000000'
);

CREATE INDEX states_by_time ON states (due_at, sequence) WHERE handed = 0;

CREATE TABLE failures (
  sequence INTEGER NOT NULL REFERENCES events (sequence),
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (sequence, number)
) WITHOUT ROWID;

CREATE TABLE dead_letters (
  sequence INTEGER PRIMARY KEY REFERENCES events (sequence),
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  customer TEXT NOT NULL,
  kind TEXT NOT NULL,
  provider TEXT NOT NULL,
  reason TEXT NOT NULL,
  cause TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  replays INTEGER NOT NULL,
  dead_at INTEGER NOT NULL
);

CREATE INDEX dead_letters_by_time ON dead_letters (dead_at DESC, id);
CREATE INDEX dead_letters_by_cause ON dead_letters (cause, dead_at DESC, id);
CREATE INDEX dead_letters_by_reason ON dead_letters (reason, dead_at DESC, id);
CREATE INDEX dead_letters_by_provider ON dead_letters (provider, dead_at DESC, id);
CREATE INDEX dead_letters_by_customer ON dead_letters (customer, dead_at DESC, id);

-- held: its event is in the queue or among the dead letters, so it is known however old it is.
CREATE TABLE keys (
  key BLOB PRIMARY KEY CHECK (length(key) = 16),
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
  id BLOB NOT NULL CHECK (length(id) = 16),
  known_until INTEGER NOT NULL,
  held INTEGER NOT NULL CHECK (held IN (0, 1))
) WITHOUT ROWID;

CREATE INDEX keys_by_time ON keys (known_until) WHERE held = 0;

-- What would have to be counted otherwise.
CREATE TABLE counts (
  name TEXT PRIMARY KEY CHECK (name IN ('live', 'bytes', 'waiting', 'dead', 'finished_keys')),
  value INTEGER NOT NULL CHECK (value >= 0)
) WITHOUT ROWID;

INSERT INTO counts (name, value) VALUES ('live', 0), ('bytes', 0), ('waiting', 0), ('dead', 0), ('finished_keys', 0);
