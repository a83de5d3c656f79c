-- Penstock's configuration: Lua that returns one table. Every key is shown with its default. `penstockd
-- --config-reference` explains each, `penstockd --check-config` tells what is wrong, all at once.
--
-- Above this file lie, later wins: conf.d/*.lua beside it in lexical order, and -D key=value of the command line.
-- Durations are "250ms" "30s" "5m" "72h" "30d", sizes "64KB" "256MB" "1GB" or plain bytes. A secret is never written
-- here but comes as { file = "…" }, { env = "…" } or { credential = "…" }. `env.NAME` reads the environment.

-- Where queue and store are kept: "sqlite", files of this machine, or "pg", a PostgreSQL database that any number of hosts
-- share (DATABASE_URL). This word swaps both; QUEUE_BACKEND and STORE_BACKEND choose each, the queue also "memory".
local backend = "sqlite"

-- What an environment variable chooses among words.
local function choose(name, default, choices)
  local word = env(name) or default
  local choice = choices[word:lower()]
  if choice ~= nil then return choice end
  local words = {}
  for known in pairs(choices) do table.insert(words, known) end
  table.sort(words)
  local said = env(name) and name or "backend"
  error(said .. ' = "' .. word .. '": expected ' .. table.concat(words, ", "), 2)
end

local queue = choose("QUEUE_BACKEND", backend, { memory = "memory-queue", sqlite = "sqlite-queue", pg = "pg-queue" })
local store = choose("STORE_BACKEND", backend, { sqlite = "sqlite-store", pg = "pg-store" })
local yes_or_no = { ["true"] = true, ["false"] = false, ["1"] = true, ["0"] = false }
local works = choose("WORKER_ENABLED", "true", yes_or_no)
local sends = choose("AUTOSTART", "true", yes_or_no)

-- Who sends a message that no other provider is chosen for.
local provider = env.WEBHOOK_URL and "webhook" or "mock"

local plugins = { "http-ingest", queue, store }
if works then
  table.insert(plugins, "worker")
  table.insert(plugins, "http-transport")
end
if env.REDIS_URL then table.insert(plugins, "redis-cache") end
table.insert(plugins, "metrics")

return {
  -- Plugins to load; the order does not matter.
  plugins = plugins,

  -- Folders; empty ones are found: beside the sources in a checkout, under /etc, /usr and /var when installed.
  data_dir = env.DATA_DIR or "",        -- everything that is kept
  scripts_dir = env.SCRIPTS_DIR or "",  -- policy scripts
  plugin_dir = "",                      -- the plugins' .so files
  migrations_dir = "",                  -- sqlite/ and postgres/

  -- The listeners.
  http = {
    public = {
      address = "127.0.0.1",    -- 0.0.0.0 or :: for all of the machine's
      port = env.PORT or 8080,  -- 0: any free one
    },
    admin = {
      socket = "",   -- unix socket for operators; empty: admin.sock in the data folder
      address = "",  -- IP address instead of the socket; anybody who reaches it may administer
      port = 8081,   -- of that address
    },
    threads = 0,                -- that serve connections; 0: one a core
    max_connections = 20000,    -- more are answered 503
    max_body = "256KB",         -- larger ones are answered 413
    max_header_bytes = "16KB",  -- request line and header fields together; larger ones are answered 431
    max_uri = "8KB",            -- longer ones are answered 414
    max_fields = 100,           -- header fields; more are answered 431
    max_buffered = "64MB",      -- requests being read and answers being taken, of all connections together
    max_write_buffer = "64KB",  -- answers of one connection that gather before they are written
    max_pipelined = 16,         -- requests of one connection that are answered before it is others' turn
    max_linger = "16MB",        -- read and dropped after a refusal, so that the client sees the answer
    header_timeout = "10s",     -- for a request's head
    body_timeout = "30s",       -- for a request's body
    idle_timeout = "75s",       -- without a request
    write_timeout = "30s",      -- for a client to take its answer, or the next 64 KB of it
    linger_timeout = "3s",      -- for a refused client to close its connection
  },

  -- What a policy script may use up, and what validate.lua is told. Changes on reload.
  policy = {
    deadline = "5ms",          -- processor time of one call
    inbound_deadline = "50ms", -- of reading a webhook that is genuine
    memory = "16MB",           -- held by the scripts of one thread
    max_attachments = 8,       -- of a message
    max_characters_sms = 0,    -- in the body of an SMS or MMS; 0: no limit
    max_characters_email = 0,  -- in the body of an e-mail; 0: no limit
  },

  -- What retry.lua is told. Changes on reload.
  retry = {
    max_attempts = env.RETRY_MAX_ATTEMPTS or 10,    -- after which a message is given up
    max_age = env.RETRY_MAX_AGE or "72h",           -- at which a message is given up
    backoff_min = env.RETRY_BACKOFF_MIN or "1s",    -- longest wait after the first failure; it doubles
    backoff_max = env.RETRY_BACKOFF_MAX or "1h",    -- longest wait between two attempts
  },

  -- Which provider sends a message, as scripts/route.lua reads it; "" for nobody. Changes on reload.
  routes = {
    sms = provider,
    mms = provider,
    email = provider,
  },

  -- Providers, each a script in scripts/providers, which says what its section may hold. One that has no section here
  -- and no route is not loaded. Changes on reload.
  providers = {
    mock = {              -- sends nothing
      timeout_pct = 0,    -- sends in a hundred whose answer never comes
      error_pct = 0,      -- that are answered 500
      ratelimit_pct = 0,  -- that are answered 429
      retry_after = "1s", -- which such an answer asks to wait
      seed = 1,           -- equal seeds give equal outcomes
      idempotent = true,  -- it recognises a repeated send
    },
    webhook = env.WEBHOOK_URL and {
      url = env.WEBHOOK_URL,
      auth_header = "x-ins-auth-key",
      auth_key = env.WEBHOOK_AUTH_KEY and { env = "WEBHOOK_AUTH_KEY" },
      -- signing_secret = { file = "/etc/penstock/webhook.key" },  -- whsec_…: signed as Standard Webhooks 1.0 says
      idempotent = false,             -- it takes Idempotency-Key, so a send that nobody answered may be repeated
      success = { "200", "201", "202" },  -- that mean sent
      members = { "to", "content" },  -- of the JSON
      per_minute = 0,                 -- messages; 0: worker.limit.provider holds
      at_once = 0,                    -- messages on their way; 0: worker.limit.provider holds
    },
    -- twilio = {
    --   account_sid = "AC…",
    --   auth_token = { credential = "twilio-auth-token" },
    --   public_url = "https://gateway.example/api/webhooks/twilio",
    --   per_minute = 600,                                        -- messages; at_once bounds those on their way
    -- },
    -- sendgrid = {
    --   api_key = { credential = "sendgrid-api-key" },
    --   webhook_key = "MFkw…",                                   -- of the signed event webhook
    --   inbound_password = { credential = "sendgrid-inbound" },  -- of inbound parse
    -- },
  },

  -- Time that work in hand gets to finish after the first TERM or INT.
  shutdown = {
    drain_timeout = "25s",
  },

  -- Logging. formatters, channels and loggers may be set up here as Poco knows them, for example
  --   loggers = { worker = { level = "debug" } }
  logging = {
    -- fatal, critical, error, warning, notice, information, debug or trace; changes on reload
    level = choose("LOG_LEVEL", "information", {
      fatal = "fatal", critical = "critical", error = "error", warning = "warning", warn = "warning",
      notice = "notice", information = "information", info = "information", debug = "debug", trace = "trace",
    }),
    format = "auto",         -- json, text, or auto: text on a terminal and json elsewhere
    destination = "stderr",  -- stderr, stdout or the path of a file
    buffer = "4MB",          -- for lines that wait to be written; more are dropped and counted
  },

  -- Plugins, each under its name. A plugin that is not loaded may keep its section.
  ["http-ingest"] = {
    reader = {
      threads = 4,    -- for reading calls, which wait for the store
      backlog = 256,  -- reading calls that may wait for a thread; more are answered 503
    },
    webhooks = {
      max_body = "1MB",  -- of POST /api/webhooks/{provider}; larger ones are answered 413
    },
  },

  ["memory-queue"] = {
    max_events = 100000,         -- ready, leased and scheduled; beyond it publishing is refused
    max_bytes = "256MB",         -- of events; beyond it publishing is refused
    full = "reject",             -- or "wait": publishers wait for room
    full_wait = "2s",            -- longest wait for room
    max_waiting = 1000,          -- publishers that wait; they hold at most max_bytes together
    key_window = "72h",          -- how long the key of an accepted event is known
    max_keys = 1000000,          -- of finished events, about 120 bytes each; the longest finished is forgotten first
    dead_letter_retention = env.DLQ_RETENTION or "30d",
    max_dead_letters = 10000,    -- the oldest is removed first
    max_dead_bytes = "64MB",     -- the oldest is removed first
  },

  ["sqlite-queue"] = {
    path = "",                   -- of the database; a relative one lies in the data folder, empty: queue.db there
    max_events = 10000000,       -- ready, leased and scheduled; beyond it publishing is refused
    max_bytes = "16GB",          -- of events; beyond it publishing is refused
    full = "reject",             -- or "wait": publishers wait for room
    full_wait = "2s",            -- longest wait for room
    max_waiting = 1000,          -- publishers that wait
    key_window = "72h",          -- how long the key of an accepted event is known
    max_keys = 100000000,        -- of finished events, about 100 bytes each; the oldest is forgotten first
    dead_letter_retention = env.DLQ_RETENTION or "30d",
    max_dead_letters = 1000000,  -- the oldest is removed first
    commit_events = 1000,        -- published by one commit at most
    busy_timeout = "5s",         -- wait for another process that has the file
    cache = "8MB",               -- memory that the writer keeps of the database
    checkpoint = "64MB",         -- size of the write-ahead log at which it is copied into the database
  },

  ["pg-queue"] = {
    max_events = 100000000,       -- ready, leased and scheduled; beyond it publishing is refused
    max_bytes = "256GB",          -- of events; beyond it publishing is refused
    full = "reject",              -- or "wait": publishers wait for room
    full_wait = "2s",             -- longest wait for room
    max_waiting = 1000,           -- publishers that wait
    key_window = "72h",           -- how long the key of an accepted event is known
    dead_letter_retention = env.DLQ_RETENTION or "30d",
    max_dead_letters = 10000000,  -- the oldest is removed first
    commit_events = 1000,         -- published by one commit at most
    slot_events = 200000,         -- after so many the next table of the ring is opened
    slot_age = "10m",             -- or after this time
    poll = "500ms",               -- how often a waiting worker looks for what nobody told it of
    attend = "1s",                -- how often a process with workers shows that it lives
    patience = "10s",             -- after this time without a sign others hand out its events
    -- What applications enqueue in their own transactions with penstock.enqueue().
    outbox = {
      enabled = true,             -- whether this process moves it to the queue
      batch = 500,                -- moved by one commit at most
      poll = "250ms",             -- how often it is looked at once it is empty
    },
  },

  ["sqlite-store"] = {
    path = "",                 -- of the database; a relative one lies in the data folder, empty: store.db there
    readers = 4,               -- reads at once; each may open a session of its own
    busy_timeout = "5s",       -- wait for another process's writing, or for a free reader
    cache = "32MB",            -- of the database that the writer keeps in memory
    checkpoint = "64MB",       -- size of the write-ahead log at which it is copied into the database
    watch_interval = "500ms",  -- how often values that other processes may have set are looked at
    report_retention = "72h",  -- how long a delivery report waits for the send that it belongs to
    max_reports = 100000,      -- that may wait; beyond it the oldest are forgotten
  },

  -- The PostgreSQL database of the plugins that need one.
  pg = {
    -- postgres://user@host/database or key=value words; a secret, because it may hold a password
    url = env.DATABASE_URL and { env = "DATABASE_URL" },
    migrate = true,              -- bring the schema up to date at the start; false: penstockd --migrate does
    connections = 8,             -- that a plugin opens at most, beside one that listens
    wait = "5s",                 -- of a call for a free connection
    connect_timeout = "5s",      -- for the server to answer a new connection; the URL's own comes first
    statement_timeout = "30s",   -- at which the server ends a statement
    lock_timeout = "5s",         -- at which the server ends the wait for a lock
    transaction_timeout = "30s", -- at which the server ends a transaction that does nothing
    reconnect = {
      first = "100ms",           -- longest wait after the first failure; it doubles
      longest = "2s",            -- longest wait between two attempts to connect
    },
  },

  ["pg-store"] = {
    watch_interval = "500ms",  -- how often values that other processes may have set are looked at; they are told at once
    report_retention = "72h",  -- how long a delivery report waits for the send that it belongs to
    max_reports = 100000,      -- that may wait; beyond it the oldest are forgotten
  },

  ["http-transport"] = {
    -- Targets that may be private or plain http: host, .suffix or host:port, comma-separated or a list.
    allow = env.SSRF_ALLOWLIST or "",
    ports = { "443" },          -- of public hosts that requests may go to
    threads = 1,                -- that send
    max_in_flight = 8192,       -- requests at once, more than worker.in_flight; what comes beyond it fails as busy
    max_idle = 512,             -- connections that each thread keeps for the next request, beside those in use
    idle_timeout = "30s",       -- how long they are kept
    connect_timeout = "10s",    -- to connect, TLS included
    max_response = "64KB",      -- of an answer's body; what goes on is cut off
    ca_file = "",               -- certificate authorities to trust; empty: the machine's
    dns = {
      cache = "60s",            -- how long the addresses of a name are remembered
      failures = "5s",          -- how long it is remembered that a name has none
      threads = 4,              -- names that are looked up at once; half of that for those that hung the last time
    },
    proxy = {
      url = "",                 -- such as http://proxy.example:3128; it looks names up and must guard them itself
      user = "",                -- who it is told that we are
      -- password = { credential = "proxy-password" },
      direct = "",              -- targets that are reached without it, as in allow
    },
  },

  worker = {
    concurrency = env.WORKER_CONCURRENCY or 4,  -- threads that receive and persist events
    receive = 500,                              -- events received at once and persisted in one transaction
    lease = "30s",          -- how long received events are on loan; 1s longer than send_timeout, send_margin and wait
    wait = "1s",            -- of one receive while the queue is empty
    drain = "20s",          -- for a stop to finish the events in hand; the rest is given back
    in_flight = 5000,       -- messages on their way to providers at once
    send_timeout = "10s",   -- for one send, the provider's answer included
    send_margin = "5s",     -- of the lease that is kept for recording what became of a send
    -- Paced sending: the next `batch` messages once in each interval, of all processes on one store together; "0s": as
    -- they come.
    interval = env.INTERVAL or "0s",
    batch = env.BATCH or 2,
    autostart = sends,      -- whether sending runs until POST /scheduler/stop; what was said there is remembered
    -- Changes on reload.
    breaker = {
      failures = 20,        -- in a row, after which a provider is left alone
      rest = "30s",         -- how long
    },
    -- How much may go to one provider (unless its section says), to one host and port, and from one sender's address;
    -- 0: no limit. Changes on reload.
    limit = {
      provider = { per_minute = 0, at_once = 0 },
      destination = { per_minute = 0, at_once = 2500 },
      sender = { per_minute = 0, at_once = 0 },
      shared = false,       -- per_minute is that of all processes on one store together; at_once is always one's own
    },
    outage = {
      first = "100ms",  -- pause after the store or the queue was first found away; doubles
      longest = "2s",   -- pause while it is away
    },
  },

  -- An optional memory of sent messages in Redis; loaded when REDIS_URL is set.
  ["redis-cache"] = {
    -- redis://[user:password@]host[:port][/db], rediss:// or unix://[user:password@]/path[?db=n]; a secret
    url = env.REDIS_URL and { env = "REDIS_URL" },
    ttl = env.REDIS_TTL or "24h",  -- how long a sent message is remembered
    prefix = "penstock:",          -- what every key begins with
    listed = 10000,                -- of the newest that can be listed
    queue = 10000,                 -- notes that may wait to be written; beyond it the oldest are dropped
    batch = 500,                   -- notes written at once at most
    connect_timeout = "2s",        -- to connect to one address, TLS included
    timeout = "1s",                -- for Redis to answer a batch
    read_timeout = "100ms",        -- that a reading call waits for the cache
    ca_file = "",                  -- certificate authorities to trust with rediss://; empty: the machine's
    reconnect = {
      first = "100ms",             -- longest wait after the first failure; it doubles
      longest = "5s",              -- longest wait between two attempts to connect
    },
  },

  metrics = {
    max_waiting = 16,  -- scrapes that may wait while one is written; more are answered 503
  },
}
