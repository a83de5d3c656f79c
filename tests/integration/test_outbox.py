"""Enqueue from SQL: what an application commits with penstock.enqueue becomes a message, once."""

import collections
import functools
import shutil

import pytest

from driver import ROOT, Server, mailbox, phone, until

QUICK = {"pg-queue.outbox.poll": "20ms", "pg-queue.patience": "1s", "pg-queue.attend": "200ms", "worker.lease": "2s",
         "worker.wait": "200ms", "worker.send_timeout": "500ms", "worker.send_margin": "200ms"}


class Site:
    """A database, the processes on it, and an application's way to write to it."""

    def __init__(self, begin, postgres, name):
        self.begin, self.postgres, self.name = begin, postgres, name
        self.url = postgres.create(name)

    def start(self, overrides=None, begin=None):
        environment = {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "DATABASE_URL": self.url}
        return (begin or self.begin)(overrides={**QUICK, **(overrides or {})}, environment=environment)

    def query(self, sql):
        return self.postgres.query(self.name, sql)

    def enqueue(self, recipient, body, more=""):
        """The message's id."""
        return self.query(f"SELECT penstock.enqueue('sms', '+15550100001', '{recipient}', '{body}'{more})")

    def left(self):
        return int(self.query("SELECT count(*) FROM penstock.outbox"))

    def refusal(self, sql, role="penstock"):
        """What psql says of a statement that the database must refuse."""
        refused = self.postgres.refusal(self.name, sql, role)
        assert refused, f"{sql} was not refused"
        return refused


@pytest.fixture
def site(start, postgres, request):
    return Site(start, postgres, request.node.name.removeprefix("test_")[:60])


def test_what_is_committed_is_a_message_of_its_conversation(site):
    server = site.start()
    recipient = phone()
    id = site.enqueue(recipient, "grüße", ", metadata => '{\"order\": 7}', customer => 'shop', "
                                          "sent_at => '2026-03-01 13:00:00+01'")
    message = server.message(id)
    assert (message["to"], message["body"], message["timestamp"]) == (recipient, "grüße", "2026-03-01T12:00:00.000Z")
    assert server.conversation(recipient)["message_count"] == 1
    assert site.left() == 0
    assert server.metric('penstock_outbox_moved_total{outcome="accepted"}') == 1


def test_mms_and_email_come_with_all_their_parts(site):
    server = site.start()
    picture = server.message(site.query("SELECT penstock.enqueue('mms', '+15550100001', '+15550100002', 'see', "
                                        "attachments => ARRAY['https://example.com/a.png'])"))
    assert (picture["type"], picture["attachments"]) == ("mms", ["https://example.com/a.png"])
    address = mailbox()
    mail = server.message(site.query(f"SELECT penstock.enqueue(type => 'email', sender => 'shop@example.com', "
                                     f"recipient => '{address}', subject => 'Order 7', body => '<p>It''s \"on\"\n</p>')"))
    assert (mail["channel"], mail["to"], mail["subject"]) == ("email", address, "Order 7")
    assert mail["body"] == "<p>It's \"on\"\n</p>"


def test_what_is_rolled_back_was_never_there(site):
    server = site.start()
    undone = phone()
    site.query(f"BEGIN; SELECT penstock.enqueue('sms', '+15550100001', '{undone}', 'undone'); ROLLBACK")
    server.message(site.enqueue(phone(), "done"))
    assert server.get(f"/api/conversations?participant={undone.replace('+', '%2B')}").json["items"] == []


def test_a_transaction_that_stays_open_holds_up_nobody_and_arrives_once_it_commits(site):
    server = site.start()
    late = phone()
    sql = f"SELECT penstock.enqueue('sms', '+15550100001', '{late}', 'late')"
    with site.postgres.transaction(site.name, sql, commit=True):
        for number in range(5):
            server.message(site.enqueue(phone(), f"meanwhile {number}"))
        answer = server.post("/api/messages/sms", {"from": phone(), "to": phone(), "body": "by HTTP"})
        server.message(answer.json["id"])
    until(lambda: server.get(f"/api/conversations?participant={late.replace('+', '%2B')}").json["items"], 10, "the late one")
    [message] = server.messages(server.conversation(late)["id"])
    assert message["body"] == "late"


def test_what_the_policy_refuses_is_a_dead_letter_with_its_reasons(site):
    server = site.start()
    id = site.query("SELECT penstock.enqueue('mms', '+15550100001', 'nobody', 'hello')")
    until(lambda: site.left() == 0, 10, "the refusal")
    letter, reason, failures = site.query(
        "SELECT id || '|' || reason || '|' || (failures -> 0 ->> 2) FROM penstock.queue_dead").split("|")
    assert (letter, reason) == (id, "validation_failed")
    assert "to: must be a phone number" in failures and "attachments: an mms needs" in failures
    until(lambda: server.metric("penstock_queue_dead{") == 1, 10, "the gauge")
    assert server.metric("penstock_queue_dead_letters_total") == 1
    assert server.metric('penstock_outbox_moved_total{outcome="refused"}') == 1
    assert server.get(f"/api/messages/{id}").status == 404
    shown = server.get(f"/api/dead-letters/{id}").json
    assert (shown["reason"], shown["provider"], shown["message"]["to"]) == (reason, None, "nobody")
    assert (shown["policy_hash"], shown["idempotency_key"], shown["conversation_key"]) == (None, None, None)
    assert [group["cause"] for group in server.get("/api/dead-letters/causes").json["items"]] == [shown["cause"]]
    lines = [line for line in server.log_lines() if line.get("event") == "outbox.refused"]
    assert [line["message_id"] for line in lines] == [id] and "nobody" not in server.log_text()


def test_a_key_is_one_message_whether_it_comes_by_sql_or_by_http(site):
    server = site.start()
    recipient = phone()
    first = server.accepted("/api/messages/sms", {"from": "+15550100001", "to": recipient, "body": "hello"},
                            Idempotency_Key="order-7")["id"]
    key = ", idempotency_key => 'order-7'"
    site.enqueue(recipient, "hello", key)
    until(lambda: site.left() == 0, 10, "the duplicate")
    site.enqueue(recipient, "other", key)
    until(lambda: site.left() == 0, 10, "the conflict")
    server.message(first)
    assert server.conversation(recipient)["message_count"] == 1
    assert server.metric('penstock_outbox_moved_total{outcome="duplicate"}') == 1
    assert server.metric('penstock_outbox_moved_total{outcome="conflict"}') == 1
    reason, why = site.query("SELECT reason || '|' || (failures -> 0 ->> 2) FROM penstock.queue_dead").split("|")
    assert reason == "idempotency_key_reused" and first in why


def test_a_script_that_fails_leaves_drafts_in_the_outbox_until_it_is_mended(site, tmp_path):
    scripts = shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    conversation = scripts / "conversation.lua"
    whole = conversation.read_text(encoding="utf-8")
    conversation.write_text("return function(draft) error('broken') end", encoding="utf-8")
    server = site.start({"scripts_dir": str(scripts)})
    ids = [site.enqueue(phone(), f"waits {number}") for number in range(3)]
    until(lambda: site.query("SELECT min(tries) FROM penstock.outbox") not in ("", "0"), 10, "a try")
    assert server.metric("penstock_outbox_oldest_age_seconds") > 0
    conversation.write_text(whole, encoding="utf-8")
    server.process.send_signal(1)
    site.query("UPDATE penstock.outbox SET due_at = now()")
    for id in ids:
        server.message(id, 30)
    assert site.query("SELECT count(*) FROM penstock.queue_dead") == "0"


COUNT = 2000


def fill(site):
    """Commits many drafts for ten recipients; the recipients."""
    recipients = [phone() for _ in range(10)]
    names = ",".join(recipients)
    site.query(f"SELECT penstock.enqueue('sms', '+15550100001', ('{{{names}}}'::text[])[g % 10 + 1], 'body ' || g) "
               f"FROM generate_series(0, {COUNT - 1}) AS g")
    return recipients


def each_once(site, recipients):
    """Everything is there once, in the order in which it was enqueued within each conversation."""
    until(lambda: int(site.query("SELECT count(*) FROM penstock.messages")) >= COUNT and site.left() == 0, 60, "all messages")
    until(lambda: site.query("SELECT live FROM penstock.queue_stats()") == "0", 30, "the end of the queue's work")
    bodies = site.query("SELECT convert_from(body, 'UTF8') FROM penstock.messages").split("\n")
    assert collections.Counter(bodies) == collections.Counter(f"body {number}" for number in range(COUNT))
    assert site.query("SELECT count(*) FROM penstock.queue_dead") == "0"
    assert int(site.query("SELECT count(*) FROM penstock.conversations")) == len(recipients)


def test_a_process_that_is_killed_while_it_moves_loses_and_doubles_nothing(site, tmp_path):
    victim = site.start({"pg-queue.outbox.batch": "20"}, begin=functools.partial(Server, tmp_path))
    recipients = fill(site)
    until(lambda: site.left() < COUNT - 100, 30, "some moves")
    victim.kill()
    left = site.left()
    assert 0 < left < COUNT, "it was killed in the middle"
    site.start()
    each_once(site, recipients)


def test_two_processes_that_move_at_once_move_each_once(site):
    servers = [site.start({"pg-queue.outbox.batch": "20"}) for _ in range(2)]
    recipients = fill(site)
    each_once(site, recipients)
    moved = 'penstock_outbox_moved_total{outcome="accepted"}'
    until(lambda: sum(server.metric(moved) for server in servers) == COUNT, 10, "the count")


def test_a_role_that_may_only_execute_can_enqueue_and_nothing_else(site):
    server = site.start()
    site.query("CREATE ROLE application LOGIN; GRANT USAGE ON SCHEMA penstock TO application")
    call = "SELECT penstock.enqueue('sms', '+15550100001', '+15550100002', 'hello')"
    assert "permission denied for function enqueue" in site.refusal(call, "application")
    site.query("GRANT EXECUTE ON FUNCTION penstock.enqueue TO application")
    id = site.postgres.query(site.name, call, role="application")
    assert server.message(id)["body"] == "hello"
    for table in ("outbox", "messages", "queue_dead", "queue_events_0"):
        assert "permission denied" in site.refusal(f"SELECT * FROM penstock.{table}", "application")
    for sql in ("INSERT INTO penstock.outbox (tx, id, created_at, draft) VALUES (1, gen_random_uuid(), now(), '{}')",
                "SELECT penstock.outbox_replay('{1}', '0', '0')", "SELECT * FROM penstock.outbox_read_due(1, 1)"):
        assert "permission denied" in site.refusal(sql, "application")
    # What the caller puts into its own search path is not what the function finds.
    site.query("CREATE SCHEMA trap AUTHORIZATION application")
    trapped = ("CREATE FUNCTION trap.octet_length(text) RETURNS integer LANGUAGE plpgsql AS "
               "$$BEGIN RAISE 'trapped as %', current_user; END$$; SET search_path = trap, pg_catalog; " + call.replace("hello", "again"))
    assert server.message(site.postgres.query(site.name, trapped, role="application"))["body"] == "again"
    site.query("DROP OWNED BY application; DROP ROLE application")


@pytest.mark.parametrize("arguments, sentence", [
    ("NULL, '+15550100001', '+15550100002', 'x'", "type must not be NULL"),
    ("'sms', NULL, '+15550100002', 'x'", "sender must not be NULL"),
    ("'sms', '+15550100001', NULL, 'x'", "recipient must not be NULL"),
    ("'sms', '+15550100001', '+15550100002', NULL", "body must not be NULL"),
    ("'fax', '+15550100001', '+15550100002', 'x'", "type must be sms, mms or email"),
    ("'sms', repeat('1', 1025), '+15550100002', 'x'", "sender must have at most 1024 bytes"),
    ("'sms', '+15550100001', repeat('1', 1025), 'x'", "recipient must have at most 1024 bytes"),
    ("'sms', '1', '2', repeat('x', 262144)", "at most 262144 bytes as JSON"),
    ("'sms', '1', '2', 'x', metadata => jsonb_build_object('a', repeat('x', 262144))", "at most 262144 bytes as JSON"),
    ("'sms', '1', '2', 'x', metadata => '[]'", "metadata must be an object"),
    ("'sms', '1', '2', 'x', idempotency_key => ''", "idempotency_key must have 1 to 255 bytes"),
    ("'sms', '1', '2', 'x', idempotency_key => repeat('k', 256)", "idempotency_key must have 1 to 255 bytes"),
    ("'sms', '1', '2', 'x', customer => repeat('c', 65)", "customer must have 1 to 64 characters"),
    ("'sms', '1', '2', 'x', attachments => ARRAY['a', NULL]", "attachments must not hold NULL"),
    ("'sms', '1', '2', 'x', attachments => ARRAY[ARRAY['a']]", "attachments must be a list of one dimension"),
    ("'sms', '1', '2', 'x', sent_at => 'infinity'", "sent_at must lie in the years 1970 to 9999"),
])
def test_what_can_never_be_right_is_refused_at_once_with_a_sentence(refusing, arguments, sentence):
    refusal = refusing.refusal(f"SELECT penstock.enqueue({arguments})")
    assert "penstock.enqueue: " in refusal and sentence in refusal
    assert refusing.left() == 0


@pytest.fixture(scope="module")
def refusing(start, postgres):
    site = Site(start, postgres, "refusing")
    site.start()
    return site
