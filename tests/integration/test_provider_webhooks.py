"""What providers post in their own formats, against the shipped scripts: POST /api/webhooks/{provider}."""

import base64
import hashlib
import hmac
import shutil
import urllib.parse

import pytest

from driver import ROOT, mailbox, phone, until

URL = "https://gateway.example/api/webhooks/twilio"
TOKEN = "the-auth-token"
PATH = "/api/webhooks/twilio"

# A provider that never says what became of a send, but reports later.
SILENT = """
return {
  request = function() return nil, { unknown = "no answer" } end,
  outcome = function() return { unknown = "no answer" } end,
  verify = function() return true end,
  inbound = function(request) return { reports = { json.decode(request.body) } } end,
}
"""


@pytest.fixture(scope="module")
def server(start):
    return start(
        {
            "providers.twilio.account_sid": "AC0001",
            "providers.twilio.auth_token.env": "TWILIO_TOKEN",
            "providers.twilio.public_url": URL,
            "providers.sendgrid.api_key.env": "SENDGRID_KEY",
            "providers.sendgrid.inbound_password.env": "SENDGRID_PASSWORD",
        },
        environment={"TWILIO_TOKEN": TOKEN, "SENDGRID_KEY": "SG.key", "SENDGRID_PASSWORD": "secret"},
    )


def twilio(server, fields, token=TOKEN):
    text = URL + "".join(name + value for name, value in sorted(fields.items()))
    signature = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return server.call("POST", PATH, urllib.parse.urlencode(fields).encode(), headers)


def found(server, participant):
    """The conversation of an address once it is there."""
    path = "/api/conversations?" + urllib.parse.urlencode({"participant": participant})
    return until(lambda: server.call("GET", path).json["items"], what="the conversation")[0]


def messages(server, conversation):
    return server.call("GET", f"/api/conversations/{conversation['id']}/messages").json["items"]


def metric(server, name):
    return server.call("GET", "/metrics", headers={"Accept": "application/json"}).json[name]


def test_a_signed_message_is_received_once_however_often_it_is_posted(server):
    fields = {"MessageSid": "SM0001", "From": phone(), "To": phone(), "Body": "Hi & hello ü", "NumMedia": "0"}
    for body in ("Hi & hello ü", "another text"):
        answer = twilio(server, {**fields, "Body": body})
        assert (answer.status, answer.body) == (200, b"<Response/>"), answer
        assert answer.headers["Content-Type"] == "text/xml"
    conversation = found(server, fields["From"])
    [message] = messages(server, conversation)
    assert message["body"] == "Hi & hello ü"
    assert message["direction"] == "inbound"
    assert (message["provider"], message["provider_message_id"]) == ("twilio", "SM0001")


def test_a_picture_is_an_mms(server):
    fields = {"MessageSid": "SM0002", "From": phone(), "To": phone(), "Body": "", "NumMedia": "1",
              "MediaUrl0": "https://media.example/1"}
    assert twilio(server, fields).status == 200
    [message] = messages(server, found(server, fields["From"]))
    assert message["type"] == "mms"
    assert message["attachments"] == ["https://media.example/1"]


def test_a_forged_request_is_refused_and_leaves_nothing(server):
    fields = {"MessageSid": "SM0003", "From": phone(), "To": phone(), "Body": "forged"}
    answer = twilio(server, fields, token="another")
    assert (answer.status, answer.json["code"]) == (403, "not_genuine")
    assert server.call("POST", PATH, b"MessageSid=SM0003", {"Content-Type": "text/plain"}).status == 403
    query = urllib.parse.urlencode({"participant": fields["From"]})
    assert server.call("GET", "/api/conversations?" + query).json["items"] == []


def test_a_delivery_report_is_an_event_of_its_status(server):
    before = metric(server, "penstock_ingest_published_total")
    for status, expected in (("queued", 0), ("sent", 1), ("sent", 1), ("delivered", 2)):
        assert twilio(server, {"MessageSid": "SM0004", "MessageStatus": status}).status == 200
        assert metric(server, "penstock_ingest_published_total") - before == expected


def test_a_message_that_breaks_a_rule_is_refused_with_its_faults(server):
    answer = twilio(server, {"MessageSid": "SM0005", "From": "x", "To": "y", "Body": "z"})
    assert (answer.status, answer.json["code"]) == (400, "validation_failed")
    assert {fault["field"] for fault in answer.json["errors"]} >= {"to"}


@pytest.mark.parametrize("provider", ["nobody", "mock", "webhook", "..%2f..", "%00"])
def test_nobody_else_receives(server, provider):
    answer = server.call("POST", f"/api/webhooks/{provider}", b"x", {"Content-Type": "text/plain"})
    assert answer.status in (400, 404), answer


def test_an_email_of_inbound_parse_is_received(server):
    sender, recipient = mailbox(), mailbox()
    parts = {"headers": "Message-ID: <m1@mail.example>\n", "from": f"Ann <{sender}>", "to": recipient,
             "envelope": f'{{"to":["{recipient}"],"from":"{sender}"}}', "subject": "Re: Order", "text": "Thank you"}
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts.items()
    )
    password = base64.b64encode(b"penstock:secret").decode()
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    path = "/api/webhooks/sendgrid"
    assert server.call("POST", path, (body + "--b--\r\n").encode(), headers).status == 403
    headers["Authorization"] = f"Basic {password}"
    assert server.call("POST", path, (body + "--b--\r\n").encode(), headers).status == 200
    [message] = messages(server, found(server, sender))
    assert (message["subject"], message["body"]) == ("Re: Order", "Thank you")


def test_a_body_that_is_too_large_is_refused(server):
    text = {"Content-Type": "text/plain"}
    assert server.call("POST", PATH, b"x" * (1 << 20), text).status == 403
    assert server.call("POST", PATH, b"x" * ((1 << 20) + 1), text).status == 413


def test_no_secret_and_no_address_is_in_the_log(server):
    number = phone()
    twilio(server, {"MessageSid": "SM0006", "From": number, "To": phone(), "Body": "confidential"})
    twilio(server, {"MessageSid": "SM0007", "From": number, "To": "x", "Body": "confidential"}, token="wrong")
    text = server.log_text()
    for secret in (TOKEN, "SG.key", number, "confidential"):
        assert secret not in text


def test_a_report_that_names_our_message_finds_one_that_nobody_answered_for(start, tmp_path):
    scripts = shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (scripts / "providers" / "silent.lua").write_text(SILENT, encoding="utf-8")
    server = start({"scripts_dir": str(scripts), "routes.sms": "silent"})
    id = server.accepted("/api/messages/sms", {"from": phone(), "to": phone(), "body": "hello"})["id"]
    until(lambda: server.message(id)["status"] == "unknown", 30, "the end of its attempt")
    for name in ("SM0001", "not-a-message"):
        answer = server.call("POST", "/api/webhooks/silent",
                             {"provider_message_id": "S1", "status": "sent", "message_id": name})
        assert answer.status == 200, answer
        assert server.message(id)["status"] == "unknown"
    assert server.metric("penstock_policy_report_ids_ignored_total") == 2
    answer = server.call("POST", "/api/webhooks/silent",
                         {"provider_message_id": "S2", "status": "delivered", "message_id": id})
    assert answer.status == 200, answer
    message = until(lambda: found if (found := server.message(id))["status"] == "delivered" else None, 30, "the report")
    assert message["provider_message_id"] == "S2"
    assert [item["message_id"] for item in server.get("/messages/sent").json["items"]] == [id]
