"""The log of a whole run: every line can be read, ids connect, nothing private is in it."""

import json
import re

import pytest

from driver import parallel, phone, until

MARK = "Zauberwort-4711"
SENDER, RECIPIENT = "+15550104711", "+15550104712"
MAIL_A, MAIL_B = "secret.person@private.example", "other.person@private.example"


@pytest.fixture(scope="module")
def run(start):
    """Everything that can happen to a request, then a drain. The lines, and what was accepted by request id."""
    server = start({"logging.level": "debug"})
    accepted = {}

    def post(path, body, **headers):
        answer = server.post(path, body, **headers)
        if answer.status == 202:
            accepted[answer.headers["X-Request-Id"]] = answer.json["id"]
        return answer

    sms = {"from": SENDER, "to": RECIPIENT, "body": MARK}
    for number in range(5):
        post("/api/messages/sms", {**sms, "body": f"{MARK} {number}"})
    post("/api/messages/sms", {**sms, "type": "mms", "attachments": [f"https://example.com/{MARK}.jpg"]})
    post("/api/messages/email", {"from": MAIL_A, "to": MAIL_B, "subject": MARK, "body": f"<p>{MARK}</p>"})
    post("/api/webhooks/sms", {**sms, "messaging_provider_id": "in-1"})
    post("/api/webhooks/sms", {**sms, "messaging_provider_id": "in-1"})
    post("/api/webhooks/email", {"from": MAIL_B, "to": MAIL_A, "body": MARK, "xillio_id": "in-1"})
    post("/api/messages/sms", sms, Idempotency_Key="key-1")
    post("/api/messages/sms", {**sms, "body": MARK + " other"}, Idempotency_Key="key-1")
    named = post("/api/messages/sms", {**sms, "body": MARK + " named"}, X_Request_Id="my-own-id-1")
    assert named.headers["X-Request-Id"] == "my-own-id-1"
    insane = post("/api/messages/sms", {**sms, "body": MARK + " insane"}, X_Request_Id='"><script>' + "x" * 300)
    assert insane.headers["X-Request-Id"] != '"><script>' + "x" * 300
    post("/api/messages/sms", {**sms, "to": f"{MARK}@", "customerId": ""})
    post("/api/messages/sms", b'{"from":"%s","body":"%s' % (SENDER.encode(), MARK.encode()))
    post("/api/messages/sms", {"from": SENDER, "to": RECIPIENT, "body": MARK}, Content_Type="text/plain")
    server.get(f"/api/conversations?participant=%2B{SENDER[1:]}")
    server.get(f"/nothing/{MARK}?{MARK}\r\n".replace("\r\n", "%0d%0a"))
    server.raw(b"GET /%s HTTP/1.1\r\nBad Header\r\n\r\n" % MARK.encode())
    parallel(20, lambda number: post("/api/messages/sms", {**sms, "body": f"{MARK} parallel {number}"}))
    for id in set(accepted.values()):
        server.message(id)
    assert server.stop() == 0
    return server.log_text(), accepted


def lines_of(run):
    return [json.loads(line) for line in run[0].splitlines()]


def test_every_line_is_one_json_object(run):
    text, _ = run
    assert text.endswith("\n")
    for line in text.splitlines():
        members = json.loads(line)
        assert isinstance(members, dict), line
        assert {"time", "level", "logger", "message"} <= set(members), line
        assert re.match(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$", members["time"]), line
        assert all(isinstance(value, (str, int, float, bool)) for value in members.values()), line


def test_a_request_is_connected_to_its_message_and_its_outcome(run):
    lines = lines_of(run)
    _, accepted = run
    assert len(accepted) > 25
    persisted = {line["message_id"]: line for line in lines if line.get("event") == "worker.persisted"}
    answered = {
        line["request_id"]: line
        for line in lines
        if line.get("event") in ("ingest.accepted", "ingest.duplicate")
    }
    for request, message in accepted.items():
        assert answered[request]["message_id"] == message
        assert persisted[message]["outcome"] == "inserted"
        assert persisted[message]["attempt"] in ("1", 1)
        assert persisted[message]["key"] == answered[request]["key"]
        if answered[request]["event"] == "ingest.accepted":
            assert persisted[message]["request_id"] == request


def test_each_accepted_message_is_logged_once_on_each_side(run):
    lines = lines_of(run)
    for event in ("ingest.accepted", "worker.persisted"):
        ids = [line["message_id"] for line in lines if line.get("event") == event]
        assert len(ids) == len(set(ids)) == len(set(run[1].values()))


def test_the_conflict_and_the_duplicate_are_in_the_log(run):
    events = [line.get("event") for line in lines_of(run)]
    assert events.count("ingest.conflict") == 1
    assert events.count("ingest.duplicate") == 1


@pytest.mark.parametrize(
    "private", [MARK, SENDER, SENDER[1:], RECIPIENT, RECIPIENT[1:], MAIL_A, MAIL_B, "secret.person", "<script>"]
)
def test_no_body_and_no_address_is_in_the_log(run, private):
    text, _ = run
    assert [line for line in text.splitlines() if private.lower() in line.lower()] == []
