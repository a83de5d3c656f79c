"""The main job: a message that is posted is found in its conversation."""

import re
import time

import pytest

from driver import mailbox, parallel, phone, until

UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
EVERYTHING = "\"quoted\" 'single' \\ back\nline\r\n\ttab 😀 👩‍👩‍👧‍👦 é e\u0301 مرحبا <b>&amp;</b> \u2028 \x7f"


def sms(sender, recipient, body="Hello", **more):
    return {"from": sender, "to": recipient, "body": body, **more}


def only(items):
    assert len(items) == 1, items
    return items[0]


def test_an_sms_is_found_in_its_conversation(server):
    a, b = phone(), phone()
    accepted = server.accepted("/api/messages/sms", sms(a, b, EVERYTHING, type="sms", timestamp="2026-03-01T12:00:00Z"))
    assert accepted["status"] == "accepted"
    assert UUID.match(accepted["id"])
    assert re.match("^[0-9a-f]{32}$", accepted["idempotencyKey"])
    detail = server.sent(accepted["id"])
    conversation = server.conversation(a)
    message = only(server.messages(conversation["id"]))
    assert message == conversation["last_message"]
    assert message.items() <= detail.items()
    assert message["id"] == accepted["id"]
    assert message["conversation_id"] == conversation["id"]
    assert message["body"] == EVERYTHING
    assert (message["from"], message["to"]) == (a, b)
    assert (message["direction"], message["channel"], message["type"]) == ("outbound", "sms", "sms")
    assert message["timestamp"] == "2026-03-01T12:00:00.000Z"
    assert message["attachments"] == []
    assert detail["idempotency_key"] == accepted["idempotencyKey"]
    attempt = only(detail["attempts"])
    assert (attempt["outcome"], attempt["provider"]) == ("sent", detail["provider"])
    assert conversation["key"] == f"sms:{min(a, b)}<->{max(a, b)}"
    assert conversation["message_count"] == 1
    assert conversation["last_activity_at"] == "2026-03-01T12:00:00.000Z"


def test_an_mms_keeps_its_attachments_and_shares_the_conversation_of_sms(server):
    a, b = phone(), phone()
    urls = ["https://example.com/a.jpg", "http://example.com/b.png?x=%20&y=1"]
    first = server.accepted("/api/messages/sms", sms(a, b, "text"))
    second = server.accepted("/api/messages/sms", sms(a, b, "picture", type="MMS", attachments=urls))
    server.message(first["id"])
    message = server.message(second["id"])
    assert message["type"] == "mms"
    assert message["channel"] == "sms"
    assert message["attachments"] == urls
    assert server.conversation(a)["message_count"] == 2


def test_an_email_needs_no_type_and_keeps_its_subject_and_html(server):
    a, b = mailbox(), mailbox()
    html = "<html><body><p>Hello \"world\"</p>\n</body></html>"
    accepted = server.accepted("/api/messages/email", {"from": a, "to": b, "subject": "Re: ü", "body": html})
    message = server.message(accepted["id"])
    assert message["body"] == html
    assert message["subject"] == "Re: ü"
    assert (message["channel"], message["type"]) == ("email", "email")
    conversation = server.conversation(a)
    assert conversation["channel"] == "email"
    assert [conversation["participant_a"], conversation["participant_b"]] == sorted([a, b])


def test_what_comes_in_joins_the_conversation_of_what_went_out(server):
    a, b = phone(), phone()
    sent = server.accepted("/api/messages/sms", sms(a, b, "question", timestamp="2026-03-01T12:00:00Z"))
    reply = server.accepted(
        "/api/webhooks/sms",
        sms(b, a, "answer", type="sms", messaging_provider_id=f"in-{a}", timestamp="2026-03-01T13:01:00+01:00"),
    )
    server.message(sent["id"])
    server.message(reply["id"])
    conversation = server.conversation(b)
    assert conversation["message_count"] == 2
    assert conversation["last_activity_at"] == "2026-03-01T12:01:00.000Z"
    outbound, inbound = server.messages(conversation["id"])
    assert (outbound["direction"], outbound["from"], outbound["to"]) == ("outbound", a, b)
    assert (inbound["direction"], inbound["from"], inbound["to"]) == ("inbound", b, a)
    assert inbound["status"] == "received"
    assert inbound["provider_message_id"] == f"in-{a}"


def test_an_email_that_comes_in_is_found_whatever_form_its_addresses_have(server):
    a, b = mailbox(), mailbox()
    sent = server.accepted("/api/messages/email", {"from": f"The Shop <{a}>", "to": f"[{b}](mailto:{b})", "body": "x"})
    reply = server.accepted(
        "/api/webhooks/email",
        {"from": b.upper(), "to": a.replace("@", "+orders@"), "body": "<p>y</p>", "xillio_id": f"in-{a}"},
    )
    server.message(sent["id"])
    assert server.message(reply["id"])["body"] == "<p>y</p>"
    assert server.conversation(a)["message_count"] == 2


def test_two_calls_50_ms_apart_are_visible_within_a_second(server):
    a, b = phone(), phone()
    begun = time.monotonic()
    first = server.accepted("/api/messages/sms", sms(a, b, "one"))
    until(lambda: time.monotonic() - begun >= 0.05)
    second = server.accepted("/api/messages/sms", sms(b, a, "two"))
    server.message(first["id"], 1.0)
    server.message(second["id"], 1.0)
    assert server.conversation(a)["message_count"] == 2


def test_100_parallel_messages_of_one_pair_are_one_conversation_of_100(server):
    a, b = phone(), phone()

    def post(number):
        pair = (a, b) if number % 2 else (b, a)
        return server.accepted("/api/messages/sms", sms(*pair, f"message {number}"))["id"]

    ids = parallel(100, post)
    assert len(set(ids)) == 100
    for id in ids:
        server.message(id)
    conversation = server.conversation(a)
    assert conversation["message_count"] == 100
    messages = server.messages(conversation["id"])
    assert {message["id"] for message in messages} == set(ids)
    order = [(message["timestamp"], message["id"]) for message in messages]
    assert order == sorted(order)


@pytest.mark.parametrize(
    "path, pair, member",
    [("/api/webhooks/sms", phone, "messaging_provider_id"), ("/api/webhooks/email", mailbox, "xillio_id")],
)
def test_one_provider_id_50_times_in_parallel_is_one_message(server, path, pair, member):
    a, b = pair(), pair()
    answers = parallel(
        50, lambda number: server.post(path, {"from": a, "to": b, "body": f"report {number}", member: f"same-{a}"})
    )
    assert [answer.status for answer in answers] == [202] * 50
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer.headers["Idempotent-Replayed"] is None]) == 1
    server.message(answers[0].json["id"])
    assert server.conversation(a)["message_count"] == 1


def test_a_provider_id_reported_with_other_content_keeps_the_first(server):
    a, b = phone(), phone()
    first = server.accepted("/api/webhooks/sms", sms(a, b, "first", messaging_provider_id=f"id-{a}"))
    again = server.post("/api/webhooks/sms", sms(a, b, "second", messaging_provider_id=f"id-{a}"))
    assert again.status == 202
    assert again.json["id"] == first["id"]
    assert server.message(first["id"])["body"] == "first"


def test_the_same_provider_id_on_the_other_channel_is_another_message(server):
    a, b = phone(), mailbox()
    first = server.accepted("/api/webhooks/sms", sms(a, phone(), messaging_provider_id=f"id-{a}"))
    second = server.accepted("/api/webhooks/email", {"from": b, "to": mailbox(), "body": "x", "xillio_id": f"id-{a}"})
    assert first["id"] != second["id"]


@pytest.mark.parametrize("where", ["header", "quoted header", "member"])
def test_the_same_key_and_content_is_one_message_and_the_first_id(server, where):
    a, b = phone(), phone()
    key = f"key-{a}"
    headers = {"header": {"Idempotency_Key": key}, "quoted header": {"Idempotency_Key": f'"{key}"'}}.get(where, {})
    body = sms(a, b, timestamp="2026-03-01T12:00:00Z", **({"idempotencyKey": key} if where == "member" else {}))
    first = server.post("/api/messages/sms", body, **headers)
    second = server.post("/api/messages/sms", body, **headers)
    assert (first.status, second.status) == (202, 202)
    assert first.json == second.json
    assert first.headers["Idempotent-Replayed"] is None
    assert second.headers["Idempotent-Replayed"] == "true"
    server.message(first.json["id"])
    assert server.conversation(a)["message_count"] == 1


def test_the_same_key_50_times_in_parallel_is_one_message(server):
    a, b = phone(), phone()
    body = sms(a, b, timestamp="2026-03-01T12:00:00Z")
    answers = parallel(50, lambda number: server.post("/api/messages/sms", body, Idempotency_Key=f"many-{a}"))
    assert [answer.status for answer in answers] == [202] * 50
    assert len({answer.json["id"] for answer in answers}) == 1
    server.message(answers[0].json["id"])
    assert server.conversation(a)["message_count"] == 1


def test_the_same_key_with_other_content_is_refused_and_recorded(server):
    a, b = phone(), phone()
    first = server.accepted("/api/messages/sms", sms(a, b, "one"), Idempotency_Key=f"key-{a}")
    conflicts = server.metric("penstock_ingest_conflicts_total")
    refused = server.post("/api/messages/sms", sms(a, b, "two"), Idempotency_Key=f"key-{a}")
    assert refused.status == 422
    assert refused.json["code"] == "idempotency_key_reused"
    assert server.metric("penstock_ingest_conflicts_total") == conflicts + 1
    server.message(first["id"])
    assert server.conversation(a)["message_count"] == 1
    until(
        lambda: [
            line
            for line in server.log_lines()
            if line.get("event") == "ingest.conflict" and line.get("request_id") == refused.headers["X-Request-Id"]
        ],
        what="the conflict in the log",
    )


def test_a_key_belongs_to_its_customer_and_its_call(server):
    a, b = phone(), phone()
    ids = {
        server.accepted("/api/messages/sms", sms(a, b, customerId=customer), Idempotency_Key=f"key-{a}")["id"]
        for customer in ("one", "two")
    }
    email = {"from": mailbox(), "to": mailbox(), "body": "x"}
    ids.add(server.accepted("/api/messages/email", email, Idempotency_Key=f"key-{a}")["id"])
    assert len(ids) == 3


def test_customers_do_not_share_conversations(server):
    a, b = phone(), phone()
    for customer in ("red", "blue"):
        server.message(server.accepted("/api/messages/sms", sms(a, b, customerId=customer))["id"])
    found = server.get(f"/api/conversations?participant=%2B{a[1:]}").json
    assert [item["message_count"] for item in found["items"]] == [1, 1]


def test_without_a_key_the_same_message_in_the_same_second_is_one(server):
    a, b = phone(), phone()
    body = sms(a, b, timestamp="2026-03-01T12:00:00.100Z")
    first = server.accepted("/api/messages/sms", body)
    again = server.post("/api/messages/sms", body)
    later = server.accepted("/api/messages/sms", {**body, "timestamp": "2026-03-01T12:00:01.100Z"})
    assert again.json["id"] == first["id"]
    assert later["id"] != first["id"]


def test_unknown_members_are_kept_in_metadata(server):
    accepted = server.accepted(
        "/api/messages/sms", sms(phone(), phone(), colour="blue", metadata={"order": 4711, "deep": [{"x": None}]})
    )
    metadata = server.message(accepted["id"])["metadata"]
    assert metadata["colour"] == "blue"
    assert metadata["order"] == 4711


def test_addresses_are_compared_in_their_normal_form(server):
    a, b = phone(), phone()
    written = f"{a[:2]} ({a[2:5]}) {a[5:8]}-{a[8:]}"
    server.message(server.accepted("/api/messages/sms", sms(a, b, "one"))["id"])
    server.message(server.accepted("/api/messages/sms", sms(b, written, "two"))["id"])
    assert server.conversation(a)["message_count"] == 2


def test_pages_hold_everything_once_newest_conversation_first(start):
    server = start()
    recipients = [phone() for _ in range(7)]
    for number, recipient in enumerate(recipients):
        body = sms("+15559999999", recipient, timestamp=f"2026-03-01T12:00:{number:02d}Z")
        server.message(server.accepted("/api/messages/sms", body)["id"])
    pages = [server.get(f"/api/conversations?page={page}&pageSize=3").json for page in (1, 2, 3, 4)]
    assert [len(page["items"]) for page in pages] == [3, 3, 1, 0]
    assert pages[1]["meta"] == {"page": 2, "page_size": 3, "total": 7}
    items = [item for page in pages for item in page["items"]]
    assert [item["last_message"]["to"] for item in items] == recipients[::-1]
    assert sorted(item["id"] for item in items) == list(range(1, 8))


def test_what_was_sent_is_listed_under_both_paths(start):
    server = start()
    empty = {"items": [], "meta": {"page": 1, "page_size": 50, "total": 0}}
    assert server.get("/messages/sent").json == empty
    id = server.accepted("/api/messages/sms", sms(phone(), phone()))["id"]
    finished = server.sent(id)["attempts"][-1]["finished_at"]
    for path in ("/api/messages/sent", "/messages/sent"):
        assert only(server.get(path).json["items"]) == {"message_id": id, "sent_at": finished}


def test_what_was_persisted_survives_a_restart(start, tmp_path):
    a, b = phone(), phone()
    server = start(folder=tmp_path)
    accepted = server.accepted("/api/messages/sms", sms(a, b, EVERYTHING))
    before = server.sent(accepted["id"])
    assert server.stop() == 0
    again = start(folder=tmp_path)
    assert again.message(accepted["id"]) == before
    assert again.conversation(a)["message_count"] == 1


def test_what_a_queue_in_memory_accepted_before_a_drain_is_persisted_by_its_end(start, tmp_path):
    memory = {"QUEUE_BACKEND": "memory"}
    server = start(folder=tmp_path, environment=memory)
    ids = parallel(50, lambda n: server.accepted("/api/messages/sms", sms(phone(), phone(), f"message {n}"))["id"])
    assert server.stop() == 0
    again = start(folder=tmp_path, environment=memory)
    lost = [id for id in ids if again.get(f"/api/messages/{id}").status != 200]
    assert not lost


def test_a_healthy_server_is_live_and_ready(server):
    for path in ("/livez", "/readyz", "/healthz"):
        answer = server.get(path)
        assert answer.status == 200
        assert answer.json == {"status": "ok"}


@pytest.mark.parametrize(
    "first, second",
    [
        ({"timestamp": "2026-03-01T12:00:00.100Z"}, {"timestamp": "2026-03-01T12:00:00.900Z"}),
        ({"timestamp": "2026-03-01T12:00:00Z"}, {"timestamp": "2026-03-01T13:00:00.000+01:00"}),
    ],
)
def test_without_a_key_the_second_decides_what_is_the_same(server, first, second):
    message = sms(phone(), phone(), "same second")
    one = server.post("/api/messages/sms", {**message, **first})
    two = server.post("/api/messages/sms", {**message, **second})
    assert (one.status, two.status) == (202, 202)
    assert two.json["id"] == one.json["id"]
    assert two.headers["Idempotent-Replayed"] == "true"


def test_without_a_key_nobody_is_told_that_a_key_was_reused(server):
    message = {**sms(phone(), phone(), "same text"), "attachments": ["https://example.com/a"]}
    message["timestamp"] = "2026-03-01T12:00:00Z"
    as_sms = server.post("/api/messages/sms", message)
    as_mms = server.post("/api/messages/sms", {**message, "type": "mms"})
    assert (as_sms.status, as_mms.status) == (202, 202)
    assert as_sms.json["id"] != as_mms.json["id"]


def test_a_request_id_that_may_be_a_phone_number_is_replaced(server):
    assert server.get("/livez", X_Request_Id="15550100001").headers["X-Request-Id"] != "15550100001"
    assert server.get("/livez", X_Request_Id="my-own-id-1").headers["X-Request-Id"] == "my-own-id-1"
