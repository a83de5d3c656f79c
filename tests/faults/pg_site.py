"""One database, the processes on it, and what there is to ask about them."""

import time

from driver import until

LEASE = 2
PATIENCE = 1
MARGIN = 4  # for a busy machine
QUICK = {
    "worker.lease": f"{LEASE}s",
    "worker.send_timeout": "500ms",
    "worker.send_margin": "500ms",
    "worker.wait": "200ms",
    "pg-queue.patience": f"{PATIENCE}s",
    "pg-queue.attend": "200ms",
}
NO_WORKER = {"plugins": "http-ingest,pg-queue,pg-store,metrics"}
EVENT_TABLES = ", ".join(f"penstock.queue_{kind}_{slot}" for kind in ("events", "handed", "settled") for slot in range(4))

# What no settlement names, whatever the sums say.
UNSETTLED = "FROM (" + " UNION ALL ".join(
    f"SELECT sequence FROM penstock.queue_events_{slot} e WHERE NOT EXISTS "
    f"(SELECT 1 FROM penstock.queue_settled_{slot} s WHERE e.sequence = ANY (s.sequences))" for slot in range(4)
) + " UNION ALL SELECT sequence FROM penstock.queue_delayed) AS unsettled"
# In the ring an event is handed out once, and settled once: when its lease runs out it goes on among the delayed ones.
TWICE = "SELECT " + " + ".join(
    f"(SELECT count(*) - count(DISTINCT u) FROM penstock.queue_{kind}_{slot} t, unnest(t.sequences) AS u)"
    for kind in ("handed", "settled") for slot in range(4))
SESSIONS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def before_persisting(statements):
    """SQL that puts statements of PL/pgSQL before what penstock.persist_messages does; $1, $2 … are its parameters."""
    return f"""
ALTER FUNCTION penstock.persist_messages RENAME TO persist_messages_as_ever;
DO $do$
DECLARE
  types text;
  names text;
BEGIN
  SELECT pg_get_function_identity_arguments(oid) INTO STRICT names FROM pg_proc WHERE proname = 'persist_messages_as_ever';
  SELECT string_agg('$' || n, ', ') INTO types FROM generate_series(1, 27) AS n;
  EXECUTE format($create$
    CREATE FUNCTION penstock.persist_messages(%s)
    RETURNS TABLE (number bigint, message uuid, conversation bigint, status text, inserted boolean, key_reused boolean)
    LANGUAGE plpgsql AS $body$
    BEGIN
      {statements.replace("%", "%%")}
      RETURN QUERY SELECT * FROM penstock.persist_messages_as_ever(%s);
    END $body$ $create$, names, types);
END $do$;
"""


class Site:
    """One database and the processes on it; `options` are createdb's."""

    def __init__(self, start, postgres, name, folder, *options):
        self.begin, self.postgres, self.name, self.folder = start, postgres, name, folder
        self.url = postgres.create(name, *options)
        self.count = 0

    def start(self, overrides=None, url=None, environment=None):
        self.count += 1
        words = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": url or self.url, **(environment or {})}
        return self.begin({**QUICK, **(overrides or {})}, words, folder=self.folder / str(self.count))

    def query(self, sql):
        return self.postgres.query(self.name, sql)

    def work_left(self, up_to=1 << 62):
        """Events that wait or are in somebody's hands, of those up to a sequence."""
        return int(self.query(f"SELECT count(*) {UNSETTLED} WHERE sequence <= {up_to}"))

    def head(self):
        """The last sequence of what is left."""
        return int(self.query(f"SELECT coalesce(max(sequence), 0) {UNSETTLED}"))

    def finished(self, ledger, server, seconds=60, answers_lost=True):
        """Waits for the end of the queue's work and compares what is there with what clients were told."""
        until(lambda: self.work_left() == 0, seconds, "the end of the queue's work")
        assert self.query("SELECT live, leased, scheduled, dead FROM penstock.queue_stats()") == "0|0|0|0"
        assert self.query(TWICE) == "0", "an event was under two leases, or settled twice"
        ledger.check(server, answers_lost)


def site_of(request, start, postgres, folder, *options):
    """A database named for its case."""
    name = request.node.name.removeprefix("test_").replace("[", "_").removesuffix("]")
    return Site(start, postgres, name[:60], folder, *options)


def pause(random, least, most):
    time.sleep(random.uniform(least, most))


def works(ledger, server, seconds):
    """The service takes messages within this time, and says that it is ready."""
    began = time.monotonic()
    until(lambda: server.get("/readyz").status == 200, seconds, "readiness")
    until(lambda: ledger.post(server) == 202, max(0.1, seconds - (time.monotonic() - began)), "acceptance")


def is_away(server, why):
    """The service says why it cannot be used, stays alive and turns clients away."""

    def said():
        answer = server.get("/readyz")
        return answer.status == 503 and why in answer.body.decode()

    until(said, 10, f'"{why}" on /readyz')
    assert server.get("/livez").status == 200


def remains(fact, seconds, what):
    """The fact holds all this time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert fact(), f"{what} did not last"
        time.sleep(0.02)
