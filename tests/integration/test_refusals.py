"""Every refusal: its status, its problem document, and that nothing was enqueued."""

import json
import shutil
import socket

import pytest

from driver import ROOT, mailbox, phone, until

SMS = "/api/messages/sms"
EMAIL = "/api/messages/email"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@pytest.fixture(autouse=True)
def nothing_is_enqueued(server):
    before = server.metric("penstock_ingest_published_total")
    yield
    assert server.metric("penstock_ingest_published_total") == before


def good_sms(**more):
    return {"from": phone(), "to": phone(), "body": "Hello", **more}


def good_email(**more):
    return {"from": mailbox(), "to": mailbox(), "body": "Hello", **more}


def without(members, *names):
    return {name: value for name, value in members.items() if name not in names}


def check(answer, status, code=None):
    """The answer is this refusal, well formed."""
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json
    assert set(problem) - {"errors"} == {"type", "title", "status", "detail", "instance", "code", "request_id"}
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert code is None or problem["code"] == code, problem
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value
    assert answer.headers["Server"] is None
    if status in (429, 503):
        assert int(answer.headers["Retry-After"]) >= 1
    return problem


def fields(problem):
    return {error["field"] for error in problem["errors"]}


NOT_JSON = [
    b"",
    b" ",
    b"{",
    b'{"body":',
    b"{'body':'x'}",
    b'{"body":"x",}',
    b'{"body":"x"} trailing',
    b'{"body":NaN}',
    b'{"body":"\xff"}',
    b'{"body":"\xc3\x28"}',
    b'{"body":"\xed\xa0\x80"}',
    b'{"body":"\\ud800"}',
    b'{"body":"\x00"}',
    b"\xef\xbb\xbf{}",
    b"[" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
    b"{" + b",".join(b'"m%d":1' % number for number in range(5_000)) + b"}",
]


@pytest.mark.parametrize("path", [SMS, EMAIL, "/api/webhooks/sms", "/api/webhooks/email"])
@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:24]))
def test_what_is_no_json_is_refused(server, path, body):
    check(server.post(path, body), 400, "malformed_json")


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"1", b'"text"', b"null", b"true"])
def test_what_is_no_object_is_refused(server, body):
    check(server.post(SMS, body), 400, "not_an_object")


@pytest.mark.parametrize(
    "path, missing",
    [
        (SMS, {"from", "to", "body"}),
        (EMAIL, {"from", "to", "body"}),
        ("/api/webhooks/sms", {"from", "to", "body", "messaging_provider_id"}),
        ("/api/webhooks/email", {"from", "to", "body", "xillio_id"}),
    ],
)
def test_everything_that_is_missing_is_named_at_once(server, path, missing):
    assert fields(check(server.post(path, {}), 400, "validation_failed")) == missing
    empty = {name: "" for name in missing}
    assert fields(check(server.post(path, empty), 400, "validation_failed")) == missing
    null = {name: None for name in missing}
    assert fields(check(server.post(path, null), 400, "validation_failed")) == missing


URL = "https://example.com/a.jpg"
WRONG_SMS = [
    ("from", {"from": "no number"}),
    ("from", {"from": 15551234567}),
    ("from", {"from": "ABCDEFGHIJKL"}),
    ("from", {"from": "+1234567890123456"}),
    ("to", {"to": "someone@example.com"}),
    ("to", {"to": "ACME"}),
    ("to", {"to": ["+15551234567"]}),
    ("body", {"body": 17}),
    ("type", {"type": "fax"}),
    ("type", {"type": "email"}),
    ("type", {"type": 1}),
    ("attachments", {"type": "mms"}),
    ("attachments", {"type": "mms", "attachments": None}),
    ("attachments", {"type": "mms", "attachments": []}),
    ("attachments", {"type": "MMS", "attachments": []}),
    ("attachments", {"type": "mms", "attachments": [URL] * 9}),
    ("attachments", {"type": "mms", "attachments": ["/relative.jpg"]}),
    ("attachments", {"type": "mms", "attachments": ["ftp://example.com/a"]}),
    ("attachments", {"type": "mms", "attachments": ["javascript:alert(1)"]}),
    ("attachments", {"type": "mms", "attachments": [URL, 1]}),
    ("attachments", {"type": "mms", "attachments": URL}),
    ("timestamp", {"timestamp": "yesterday"}),
    ("timestamp", {"timestamp": "2026-03-01T12:00:00"}),
    ("timestamp", {"timestamp": "2026-02-30T12:00:00Z"}),
    ("timestamp", {"timestamp": 1772366400}),
    ("sentAt", {"sentAt": "never"}),
    ("customerId", {"customerId": ""}),
    ("customerId", {"customerId": "c" * 65}),
    ("customerId", {"customerId": 1}),
    ("idempotencyKey", {"idempotencyKey": ""}),
    ("idempotencyKey", {"idempotencyKey": "two words"}),
    ("idempotencyKey", {"idempotencyKey": "k" * 256}),
    ("metadata", {"metadata": "text"}),
    ("body", {"body": "nul \0 inside"}),
    ("from", {"from": "+1555\0"}),
    ("metadata", {"metadata": {"deep": ["\0"]}}),
    ("unknown", {"unknown": "\0"}),
]


@pytest.mark.parametrize("field, members", WRONG_SMS, ids=lambda value: repr(value)[:48])
def test_a_wrong_member_of_an_sms_is_named(server, field, members):
    problem = check(server.post(SMS, json.dumps(good_sms(**members)).encode()), 400, "validation_failed")
    assert fields(problem) == {field}


@pytest.mark.parametrize(
    "field, members",
    [
        ("from", {"from": "no address"}),
        ("from", {"from": "+15551234567"}),
        ("to", {"to": "a@b@c"}),
        ("to", {"to": "@example.com"}),
        ("subject", {"subject": 1}),
        ("attachments", {"attachments": ["relative"]}),
        ("timestamp", {"timestamp": ""}),
    ],
)
def test_a_wrong_member_of_an_email_is_named(server, field, members):
    problem = check(server.post(EMAIL, good_email(**members)), 400, "validation_failed")
    assert fields(problem) == {field}


@pytest.mark.parametrize("value", [None, "", 17, "p" * 256])
def test_a_webhook_needs_the_providers_id(server, value):
    sms = check(server.post("/api/webhooks/sms", good_sms(messaging_provider_id=value)), 400, "validation_failed")
    assert fields(sms) == {"messaging_provider_id"}
    email = check(server.post("/api/webhooks/email", good_email(xillio_id=value)), 400, "validation_failed")
    assert fields(email) == {"xillio_id"}


@pytest.mark.parametrize("key", ["", '""', "two words", '"open', '"a"b"', "k" * 256, '"a";x=1'])
def test_an_unusable_idempotency_key_is_refused(server, key):
    check(server.post(SMS, good_sms(), Idempotency_Key=key), 400, "idempotency_key_invalid")


def request_of(path, body, *headers, method="POST", host=True):
    lines = [f"{method} {path} HTTP/1.1", *(["Host: localhost"] if host else []), *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def status_of(received):
    assert received.startswith(b"HTTP/1.1 "), received[:200]
    return int(received[9:12])


JSON_TYPE = "Content-Type: application/json"


def test_several_idempotency_keys_are_refused(server):
    body = json.dumps(good_sms()).encode()
    received = server.raw(
        request_of(SMS, body, JSON_TYPE, f"Content-Length: {len(body)}", "Idempotency-Key: a", "Idempotency-Key: a",
                   "Connection: close")
    )
    assert status_of(received) == 400
    assert b"idempotency_key_invalid" in received


CHUNKED = b"2\r\n{}\r\n0\r\n\r\n"
BAD_FRAMING = {
    "length and chunked": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 2", "Transfer-Encoding: chunked"),
    "two lengths": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 2", "Content-Length: 2"),
    "list of lengths": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 2, 2"),
    "negative length": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: -2"),
    "signed length": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: +2"),
    "unreadable length": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: two"),
    "huge length": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 99999999999999999999999"),
    "xchunked": request_of(SMS, CHUNKED, JSON_TYPE, "Transfer-Encoding: xchunked"),
    "chunked and gzip": request_of(SMS, CHUNKED, JSON_TYPE, "Transfer-Encoding: chunked, gzip"),
    "chunked twice": request_of(SMS, CHUNKED, JSON_TYPE, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "bad chunk": request_of(SMS, b"zz\r\n{}\r\n0\r\n\r\n", JSON_TYPE, "Transfer-Encoding: chunked"),
    "bare LF": b"POST /api/messages/sms HTTP/1.1\nHost: localhost\n\n",
    "folded header": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 2", "X-Folded: a\r\n b"),
    "space before colon": request_of(SMS, b"{}", JSON_TYPE, "Content-Length : 2"),
    "no host": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 2", host=False),
    "two hosts": request_of(SMS, b"{}", JSON_TYPE, "Content-Length: 2", "Host: localhost"),
    "no request line": b"nonsense\r\n\r\n",
    "random bytes": bytes(range(256)) * 4 + b"\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD_FRAMING.values(), ids=BAD_FRAMING.keys())
def test_bad_framing_is_refused_and_the_connection_closed(server, data):
    assert status_of(server.raw(data)) == 400


@pytest.mark.parametrize(
    "data",
    [
        request_of(SMS, b'{"from":', JSON_TYPE, "Content-Length: 100"),
        request_of(SMS, b"5\r\n{}", JSON_TYPE, "Transfer-Encoding: chunked"),
    ],
    ids=["short body", "cut chunk"],
)
def test_a_cut_body_is_refused(server, data):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        assert status_of(connection.recv(65536)) == 400


@pytest.mark.parametrize("path", ["/", "/api", "/api/messages", "/api/faxes/1", "/api/conversations/1", "/nothing"])
def test_an_unknown_route_is_not_found(server, path):
    check(server.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/conversations/999999/messages", "/api/conversations/0/messages",
                                  "/api/messages/0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f"])
def test_an_unknown_id_is_not_found(server, path):
    check(server.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/conversations/abc/messages", "/api/conversations/-1/messages",
                                  "/api/conversations/1.5/messages", "/api/messages/17",
                                  "/api/conversations/%00/messages"])
def test_an_unreadable_id_is_refused(server, path):
    check(server.get(path), 400)


@pytest.mark.parametrize("path", ["/api/conversations", "/api/messages/sent", "/messages/sent"])
@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=", "page=1.5", "pageSize=-1", "pageSize=x",
                                   "page_size=x", "limit=x", "limit=-5"])
def test_an_unreadable_page_is_refused(server, path, query):
    problem = check(server.get(f"{path}?{query}"), 400, "invalid_parameter")
    assert fields(problem) == {query.split("=")[0]}


@pytest.mark.parametrize("query", ["channel=fax", "channel=", "participant=", "participant=%C2%A7"])
def test_an_unreadable_filter_is_refused(server, query):
    check(server.get(f"/api/conversations?{query}"), 400, "invalid_parameter")


@pytest.mark.parametrize("query, size", [("pageSize=0", 50), ("limit=1000", 50), ("page_size=7", 7), ("", 50)])
def test_a_page_size_is_bounded_without_refusal(server, query, size):
    assert server.get(f"/api/conversations?{query}").json["meta"]["page_size"] == size


@pytest.mark.parametrize(
    "method, path, allowed",
    [("GET", SMS, {"POST"}), ("DELETE", SMS, {"POST"}), ("POST", "/api/conversations", {"GET", "HEAD"}),
     ("PUT", "/livez", {"GET", "HEAD"})],
)
def test_another_method_is_not_allowed(server, method, path, allowed):
    answer = server.call(method, path)
    check(answer, 405, "method_not_allowed")
    assert {word.strip() for word in answer.headers["Allow"].split(",")} - {"OPTIONS"} == allowed


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "application/xml, text/*"])
def test_a_get_that_excludes_json_is_not_acceptable(server, accept):
    check(server.get("/api/conversations", Accept=accept), 406, "not_acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", "text/html, */*;q=0.1"])
def test_a_get_that_takes_json_is_answered(server, accept):
    assert server.get("/api/conversations", Accept=accept).status == 200


@pytest.mark.parametrize("type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_a_body_that_is_not_said_to_be_json_is_unsupported(server, type):
    check(server.post(SMS, good_sms(), Content_Type=type), 415, "unsupported_media_type")


def test_a_content_type_may_have_parameters_and_any_case(server):
    check(server.post(SMS, {}, Content_Type="Application/JSON; charset=utf-8"), 400, "validation_failed")


def test_a_body_over_256_kib_is_too_large(server):
    check(server.post(SMS, good_sms(body="x" * (256 << 10))), 413, "body_too_large")
    # Without waiting for a body of 1 GB.
    received = server.raw(request_of(SMS, b"", JSON_TYPE, "Content-Length: 1073741824"))
    assert status_of(received) == 413


def test_a_chunked_body_over_256_kib_is_too_large(server):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    received = server.raw(request_of(SMS, chunk * 5 + b"0\r\n\r\n", JSON_TYPE, "Transfer-Encoding: chunked"))
    assert status_of(received) == 413


def test_a_target_over_its_limit_is_too_long(server):
    check(server.get("/api/conversations?participant=" + "1" * 9_000), 414, "uri_too_long")


def test_headers_over_their_limit_are_too_large(server):
    check(server.get("/api/conversations", X_Large="x" * 20_000), 431, "headers_too_large")


def test_a_key_reused_with_other_content_is_unprocessable(start):
    server = start()
    body = good_sms()
    server.accepted(SMS, body, Idempotency_Key="reused")
    check(server.post(SMS, {**body, "body": "other"}, Idempotency_Key="reused"), 422, "idempotency_key_reused")


def test_slow_heads_and_bodies_run_out_of_time(start):
    server = start({"http.header_timeout": "300ms", "http.body_timeout": "300ms"})
    assert status_of(server.raw(b"POST /api/messages/sms HTTP/1.1\r\nHost:")) == 408
    assert status_of(server.raw(request_of(SMS, b"{", JSON_TYPE, "Content-Length: 2"))) == 408


def test_a_full_queue_refuses_with_a_time_to_come_back(start, queue):
    server = start({f"{queue}.max_bytes": "64KB"})
    check(server.post(SMS, good_sms(body="x" * (200 << 10))), 503, "queue_full")
    assert server.metric('penstock_ingest_refused_total{reason="full"}') == 1
    assert server.metric("penstock_ingest_published_total") == 0


def test_too_many_connections_are_answered(start):
    server = start({"http.max_connections": "4"})
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(4)]

    def refused():
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return status_of(connection.recv(65536)) == 503

    until(refused, what="a refusal")
    for connection in held:
        connection.close()
    until(lambda: not refused(), what="room for a connection")


def test_a_failing_script_refuses_and_enqueues_nothing(start, tmp_path):
    scripts = shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (scripts / "validate.lua").write_text("return function(draft) error('broken') end\n")
    server = start({"scripts_dir": str(scripts)})
    check(server.post(SMS, good_sms()), 503, "policy_failed")
    assert server.metric('penstock_ingest_refused_total{reason="policy"}') == 1
    assert server.metric("penstock_ingest_published_total") == 0


def test_a_hostile_request_does_not_disturb_the_next(server):
    for data in list(BAD_FRAMING.values()) + NOT_JSON:
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(data)
    assert server.get("/livez").json == {"status": "ok"}
    assert server.process.poll() is None
