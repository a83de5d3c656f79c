"""The mock provider: told how to fail while it runs, and what it is said to have received."""

import pytest

from driver import mailbox, phone, until

CONFIG = "/api/provider/mock/config"
INBOUND = "/api/provider/mock/inbound"
PATIENT = {"RETRY_BACKOFF_MIN": "50ms", "RETRY_BACKOFF_MAX": "200ms", "RETRY_MAX_ATTEMPTS": "1000"}


def configure(server, **settings):
    answer = server.call("PUT", CONFIG, settings)
    assert answer.status == 200, answer
    return answer.json


def configured(server):
    answer = server.get(CONFIG)
    assert answer.status == 200, answer
    return answer.json


def send(server, body="hello", sender=None, to=None):
    message = {"from": sender or phone(), "to": to or phone(), "body": body}
    return server.accepted("/api/messages/sms", message)["id"]


def attempted(server, id, attempts=1):
    """The message, once so many attempts are in its history."""
    return until(lambda: detail if len((detail := server.message(id))["attempts"]) >= attempts else None, 30,
                 f"attempt {attempts}")


def ended(server, id):
    """The message, once there will be no further attempt."""

    def over():
        detail = server.message(id)
        given_up = detail["attempts"] and detail["attempts"][-1]["final"]
        return detail if detail["status"] == "sent" or given_up else None

    return until(over, 30, "the last attempt")


def test_messages_outlast_a_provider_that_fails(start):
    server = start(environment=PATIENT)
    assert configure(server, error_pct=100) == {"timeout_pct": 0, "error_pct": 100, "ratelimit_pct": 0, "seed": 1}
    ids = [send(server, f"message {number}") for number in range(10)]
    for id in ids:
        detail = attempted(server, id, 2)
        assert detail["status"] not in ("sent", "failed", "dead")
        assert {(one["outcome"], one["http_status"], one["final"]) for one in detail["attempts"]} == {
            ("not_sent", 500, False)}
    assert server.metric('penstock_sends_total{outcome="not_sent",provider="mock"}') >= 20
    assert server.metric("penstock_send_retries_total") >= 20
    until(lambda: server.metric("penstock_worker_retried_total") >= 20, what="the count of retries")

    assert configure(server, error_pct=0)["error_pct"] == 0
    for id in ids:
        detail = ended(server, id)
        assert detail["status"] == "sent"
        outcomes = [one["outcome"] for one in detail["attempts"]]
        assert outcomes == ["not_sent"] * (len(outcomes) - 1) + ["sent"]
        assert detail["provider_message_id"] == detail["attempts"][-1]["provider_message_id"]
    assert server.metric('penstock_sends_total{outcome="sent",provider="mock"}') == 10
    assert {item["message_id"] for item in server.get("/messages/sent").json["items"]} == set(ids)


def test_equal_seeds_have_equal_outcomes(start):
    def play(seed):
        server = start(environment={**PATIENT, "RETRY_BACKOFF_MAX": "50ms", "RETRY_MAX_ATTEMPTS": "3"})
        configure(server, timeout_pct=20, error_pct=30, ratelimit_pct=0, seed=seed)
        ids = [send(server, f"message {number}", "+15550100", f"+1555020{number:03d}") for number in range(20)]
        story = [[one["outcome"] for one in ended(server, id)["attempts"]] for id in ids]
        assert server.stop() == 0
        return story

    first = play(7)
    assert {outcome for outcomes in first for outcome in outcomes} == {"sent", "not_sent", "unknown"}
    assert play(7) == first
    assert play(8) != first


def test_what_was_put_survives_a_restart_and_holds_from_the_first_send(start, tmp_path):
    server = start(folder=tmp_path, environment=PATIENT)
    put = configure(server, error_pct=60, ratelimit_pct=40, seed=-5)
    assert server.stop() == 0
    server = start(folder=tmp_path, environment=PATIENT)
    first = attempted(server, send(server))["attempts"][0]
    assert first["outcome"] == "not_sent" and first["http_status"] in (500, 429)
    assert configured(server) == put == {"timeout_pct": 0, "error_pct": 60, "ratelimit_pct": 40, "seed": -5}


def test_the_configuration_holds_until_something_is_put(start):
    server = start({"providers.mock.ratelimit_pct": "100", "providers.mock.seed": "3"}, environment=PATIENT)
    assert configured(server) == {"timeout_pct": 0, "error_pct": 0, "ratelimit_pct": 100, "seed": 3}
    assert attempted(server, send(server))["attempts"][0]["http_status"] == 429
    assert configure(server, ratelimit_pct=0) == {"timeout_pct": 0, "error_pct": 0, "ratelimit_pct": 0, "seed": 3}
    assert ended(server, send(server))["status"] == "sent"


def test_processes_on_one_store_share_it_with_or_without_a_worker(start, tmp_path):
    """Each has a queue of its own with SQLite, and one together with PostgreSQL, where the first alone works."""
    worker = start(folder=tmp_path, environment=PATIENT)
    api = start({"data_dir": str(tmp_path / "of_the_api"), "sqlite-store.path": str(tmp_path / "data" / "store.db")},
                folder=tmp_path, environment={"WORKER_ENABLED": "false"})
    put = configure(api, error_pct=100)
    assert configured(worker) == put
    until(lambda: attempted(worker, send(worker))["attempts"][0]["outcome"] == "not_sent", 10, "the other's setting")
    configure(worker, error_pct=0)
    assert configured(api)["error_pct"] == 0


@pytest.mark.parametrize(
    "body, fields",
    [
        ({"error_pct": 101}, ["error_pct"]),
        ({"error_pct": -1, "timeout_pct": 1.5, "ratelimit_pct": None, "seed": "x"},
         ["error_pct", "timeout_pct", "ratelimit_pct", "seed"]),
        ({"seed": 2**63}, ["seed"]),
        ({"percent": 1, "retry_after": 1}, ["percent", "retry_after"]),
        ({"error_pct": 60, "timeout_pct": 41}, ["timeout_pct", "error_pct"]),
        ({"a\x00b": 1}, ["a\x00b"]),
    ],
)
def test_what_breaks_a_rule_changes_nothing(server, body, fields):
    before = configured(server)
    answer = server.call("PUT", CONFIG, body)
    assert (answer.status, answer.json["code"]) == (400, "validation_failed"), answer
    assert [error["field"] for error in answer.json["errors"]] == fields
    assert configured(server) == before


@pytest.mark.parametrize("body, code", [(b"{", "malformed_json"), (b"[1]", "not_an_object"), (b"", "malformed_json")])
def test_what_is_no_object_is_refused(server, body, code):
    for method, path in (("PUT", CONFIG), ("POST", INBOUND)):
        answer = server.call(method, path, body)
        assert (answer.status, answer.json["code"]) == (400, code), answer


def test_other_methods_are_named(server):
    answer = server.call("POST", CONFIG, {})
    assert answer.status == 405
    assert {"GET", "PUT"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


def test_what_the_mock_received_joins_what_it_was_sent(server):
    us, them = phone(), phone()
    server.message(send(server, "Where are you?", us, them))
    report = {"channel": "SMS", "from": them, "to": us, "body": "On my way.", "messaging_provider_id": "m-1", "more": 1}
    first = server.accepted(INBOUND, report)
    again = server.post(INBOUND, {**report, "body": "other"})
    assert again.status == 202 and again.json == first and again.headers["Idempotent-Replayed"] == "true"
    message = server.message(first["id"])
    assert (message["status"], message["provider"], message["provider_message_id"]) == ("received", "mock", "m-1")
    assert message["metadata"] == {"more": 1}
    conversation = server.conversation(them)
    bodies = [one["body"] for one in server.messages(conversation["id"])]
    assert sorted(bodies) == ["On my way.", "Where are you?"]


def test_a_webhooks_id_is_another_message(server):
    report = {"from": phone(), "to": phone(), "body": "x", "messaging_provider_id": "shared"}
    first = server.accepted(INBOUND, {"channel": "sms", **report})
    other = server.post("/api/webhooks/sms", report)
    assert other.status == 202 and other.json["id"] != first["id"]


def test_an_mms_and_an_email_are_received(server):
    picture = {"channel": "mms", "from": phone(), "to": phone(), "body": "Look!", "messaging_provider_id": "m-2",
               "attachments": ["https://example.com/a.jpg"]}
    mms = server.message(server.accepted(INBOUND, picture)["id"])
    assert (mms["channel"], mms["type"]) == ("sms", "mms")
    letter = {"channel": "Email", "from": mailbox(), "to": mailbox(), "body": "Thanks", "subject": "Re", "xillio_id": "e-1"}
    email = server.message(server.accepted(INBOUND, letter)["id"])
    assert (email["channel"], email["subject"], email["provider_message_id"]) == ("email", "Re", "e-1")


@pytest.mark.parametrize(
    "change, fields",
    [
        ({"channel": None}, ["channel"]),
        ({"channel": "fax"}, ["channel"]),
        ({"channel": ["sms"]}, ["channel"]),
        ({"messaging_provider_id": None}, ["messaging_provider_id"]),
        ({"messaging_provider_id": ""}, ["messaging_provider_id"]),
        ({"channel": "mms"}, ["attachments"]),
        ({"channel": "mms", "type": "sms"}, ["type"]),
        ({"from": None, "to": "", "body": 7}, ["from", "to", "body"]),
    ],
)
def test_an_inbound_message_that_breaks_a_rule_is_refused_as_by_its_webhook(server, change, fields):
    report = {"channel": "sms", "from": phone(), "to": phone(), "body": "x", "messaging_provider_id": "m-3", **change}
    answer = server.post(INBOUND, report)
    assert (answer.status, answer.json["code"]) == (400, "validation_failed"), answer
    assert [error["field"] for error in answer.json["errors"]] == fields
