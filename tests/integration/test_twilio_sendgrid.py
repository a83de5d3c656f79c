"""What the shipped scripts of Twilio and SendGrid send over the real transport, to servers that speak their formats."""

import base64
import hashlib
import hmac
import itertools
import json
import subprocess
import urllib.parse

import pytest

from driver import mailbox, phone, until
from receiver import Receiver, answer

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "twilio-t0ken"
KEY = "SG.sendgrid-k3y"
URL = "https://gateway.example/api/webhooks/twilio"
EVENTS = "/api/webhooks/sendgrid"
PATIENT = {"RETRY_BACKOFF_MIN": "50ms", "RETRY_BACKOFF_MAX": "200ms"}


class Api(Receiver):
    """A provider's API. Subclasses read a request and say how it is answered."""

    def __init__(self):
        self.refusals = {}  # by recipient: what its next requests are answered instead of being taken
        self.sends = {}  # by recipient: what was taken last, and the provider's id for it
        self.serials = itertools.count(1)
        super().__init__(lambda _receiver, connection, request: self.reply(request)(self, connection, request))

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def refusal(self, recipient):
        return self.refusals[recipient].pop(0) if self.refusals.get(recipient) else None


class Twilio(Api):
    """https://www.twilio.com/docs/messaging/api/message-resource"""

    def reply(self, request):
        credentials = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if (request.method, request.path) != ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"):
            return self.error(404, 20404, "The requested resource was not found")
        if request.headers.get("authorization") != f"Basic {credentials}":
            return self.error(401, 20003, "Authenticate")
        if request.headers.get("content-type") != "application/x-www-form-urlencoded":
            return self.error(400, 21602, "Message body is required")
        fields = urllib.parse.parse_qs(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
        [recipient] = fields["To"]
        if refused := self.refusal(recipient):
            return refused
        sid = f"SM{next(self.serials):032x}"
        self.sends[recipient] = (fields, sid)
        resource = {"account_sid": ACCOUNT, "api_version": "2010-04-01", "body": fields["Body"][0],
                    "direction": "outbound-api", "error_code": None, "error_message": None,
                    "from": fields["From"][0], "num_segments": "1", "sid": sid, "status": "queued", "to": recipient,
                    "uri": f"{request.path[:-5]}/{sid}.json"}
        return answer(201, json.dumps(resource).encode())

    @staticmethod
    def error(status, code, message, **headers):
        problem = {"code": code, "message": message, "more_info": f"https://www.twilio.com/docs/errors/{code}",
                   "status": status}
        return answer(status, json.dumps(problem).encode(), **headers)


class SendGrid(Api):
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send"""

    def reply(self, request):
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return self.error(404, "not found")
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return self.error(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.headers.get("content-type") != "application/json":
            return self.error(415, "Content-Type should be application/json.")
        mail = json.loads(request.body)
        recipient = mail["personalizations"][0]["to"][0]["email"]
        if refused := self.refusal(recipient):
            return refused
        id = f"{next(self.serials):022d}"
        self.sends[recipient] = (mail, id)
        return answer(202, b"", X_Message_Id=id)

    @staticmethod
    def error(status, message, **headers):
        problem = {"errors": [{"message": message, "field": None, "help": None}]}
        return answer(status, json.dumps(problem).encode(), **headers)


@pytest.fixture(scope="module")
def twilio():
    api = Twilio()
    yield api
    api.close()


@pytest.fixture(scope="module")
def sendgrid():
    api = SendGrid()
    yield api
    api.close()


@pytest.fixture(scope="module")
def webhook_key(tmp_path_factory):
    """The file of a private key as SendGrid signs its events with."""
    file = tmp_path_factory.mktemp("key") / "events.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(file)],
                   check=True, capture_output=True, timeout=60)
    return file


@pytest.fixture(scope="module")
def server(twilio, sendgrid, webhook_key, start):
    public = subprocess.run(["openssl", "pkey", "-in", str(webhook_key), "-pubout", "-outform", "DER"], check=True,
                            capture_output=True, timeout=60).stdout
    return start(
        {
            "routes.sms": "twilio",
            "routes.mms": "twilio",
            "routes.email": "sendgrid",
            "providers.twilio.api": twilio.base,
            "providers.twilio.account_sid": ACCOUNT,
            "providers.twilio.auth_token.env": "TWILIO_TOKEN",
            "providers.twilio.public_url": URL,
            "providers.sendgrid.api": sendgrid.base,
            "providers.sendgrid.api_key.env": "SENDGRID_KEY",
            "providers.sendgrid.webhook_key": base64.b64encode(public).decode(),
            "policy.inbound_deadline": "1s",  # processor time is dear under sanitizers
        },
        environment={**PATIENT, "TWILIO_TOKEN": TOKEN, "SENDGRID_KEY": KEY,
                     "SSRF_ALLOWLIST": f"127.0.0.1:{twilio.port},127.0.0.1:{sendgrid.port}"},
    )


def sms(**members):
    return {"from": phone(), "to": phone(), "body": "hello", **members}


def email(**members):
    return {"from": mailbox(), "to": mailbox(), "subject": "Order", "body": "<p>Hi</p>", **members}


def send(server, message):
    return server.accepted("/api/messages/email" if "subject" in message else "/api/messages/sms", message)["id"]


def reaches(server, id, status):
    """The message, once it has the status."""

    def there():
        detail = server.message(id)
        return detail if detail["status"] == status else None

    return until(there, 30, f"status {status}")


def story(detail):
    return [(one["outcome"], one["http_status"]) for one in detail["attempts"]]


def delivered(recipient, message_id, custom):
    """An event of SendGrid's webhook."""
    return {"email": recipient, "event": "delivered", "timestamp": 1600112492, "sg_event_id": f"event-{message_id}",
            "sg_message_id": f"{message_id}.recvd-5f5fc76c-9.0", "smtp-id": f"<{message_id}@geopod>",
            "response": "250 2.0.0 OK", "ip": "192.0.2.7", **custom}


def signed(events, webhook_key):
    """Body and headers of a batch of events."""
    body = json.dumps(events).encode() + b"\r\n"
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(webhook_key)], input=b"1600112502" + body,
                               check=True, capture_output=True, timeout=60).stdout
    return body, {"Content-Type": "application/json", "X-Twilio-Email-Event-Webhook-Timestamp": "1600112502",
                  "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode()}


def test_twilio_gets_a_form_and_its_sid_is_shown(server, twilio):
    message = sms(body="a&b = ü + 100 %\n")
    id = send(server, message)
    detail = reaches(server, id, "sent")
    fields, sid = twilio.sends[message["to"]]
    assert fields == {"From": [message["from"]], "To": [message["to"]], "Body": [message["body"]],
                      "StatusCallback": [f"{URL}?penstock_id={id}"]}
    assert (detail["provider"], detail["provider_message_id"]) == ("twilio", sid)
    assert story(detail) == [("sent", 201)]
    assert detail["attempts"][0]["provider_message_id"] == sid


def test_twilio_gets_the_media_of_an_mms(server, twilio):
    message = sms(type="mms", attachments=["https://media.example/1.png", "https://media.example/2.png?a=b&c"])
    reaches(server, send(server, message), "sent")
    assert twilio.sends[message["to"]][0]["MediaUrl"] == message["attachments"]


def test_what_twilio_minds_is_final_and_told_by_its_code(server, twilio):
    message = sms()
    sentence = f"The 'To' number {message['to']} is not a valid phone number."
    twilio.refusals[message["to"]] = [Twilio.error(400, 21211, sentence)]
    detail = reaches(server, send(server, message), "failed")
    assert story(detail) == [("not_sent", 400)]
    assert detail["attempts"][0]["error"] == "HTTP 400, error 21211"
    assert message["to"] not in twilio.sends


def test_too_many_requests_at_twilio_are_tried_again(server, twilio):
    message = sms()
    twilio.refusals[message["to"]] = [Twilio.error(429, 20429, "Too Many Requests", Retry_After="1")] * 2
    detail = reaches(server, send(server, message), "sent")
    assert story(detail) == [("not_sent", 429), ("not_sent", 429), ("sent", 201)]
    assert detail["provider_message_id"] == twilio.sends[message["to"]][1]


def test_a_status_callback_of_twilio_comes_back_to_its_message(server, twilio):
    message = sms()
    id = send(server, message)
    reaches(server, id, "sent")
    sent, sid = twilio.sends[message["to"]]
    fields = {"MessageSid": sid, "MessageStatus": "delivered", "AccountSid": ACCOUNT, "To": message["to"]}
    [url] = sent["StatusCallback"]
    text = url + "".join(name + value for name, value in sorted(fields.items()))
    signature = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    body = urllib.parse.urlencode(fields).encode()
    path = url.removeprefix("https://gateway.example")
    another = send(server, sms())
    assert server.call("POST", path.replace(id, another), body, headers).status == 403
    assert server.call("POST", path, body, headers).status == 200
    reaches(server, id, "delivered")


def test_sendgrid_gets_mail_and_its_message_id_is_shown(server, sendgrid):
    message = email(subject="Örder", body="<p>Hi & hello</p>")
    id = send(server, message)
    detail = reaches(server, id, "sent")
    mail, theirs = sendgrid.sends[message["to"]]
    assert mail == {
        "personalizations": [{"to": [{"email": message["to"]}], "custom_args": {"penstock_id": id}}],
        "from": {"email": message["from"]},
        "subject": "Örder",
        "content": [{"type": "text/html", "value": "<p>Hi & hello</p>"}],
    }
    assert (detail["provider"], detail["provider_message_id"]) == ("sendgrid", theirs)
    assert story(detail) == [("sent", 202)]


def test_what_sendgrid_minds_is_final(server, sendgrid):
    message = email()
    sentence = f"Does not contain a valid address: {message['to']}"
    sendgrid.refusals[message["to"]] = [SendGrid.error(400, sentence)]
    detail = reaches(server, send(server, message), "failed")
    assert story(detail) == [("not_sent", 400)]
    assert detail["attempts"][0]["error"] == "HTTP 400"


def test_too_many_requests_at_sendgrid_are_tried_again(server, sendgrid):
    message = email()
    sendgrid.refusals[message["to"]] = [SendGrid.error(429, "too many requests", X_RateLimit_Remaining="0")]
    detail = reaches(server, send(server, message), "sent")
    assert story(detail) == [("not_sent", 429), ("sent", 202)]


def test_an_event_of_sendgrid_comes_back_to_its_message(server, sendgrid, webhook_key):
    message = email()
    id = send(server, message)
    reaches(server, id, "sent")
    mail, theirs = sendgrid.sends[message["to"]]
    body, headers = signed([delivered(message["to"], theirs, mail["personalizations"][0]["custom_args"])], webhook_key)
    assert server.call("POST", EVENTS, body.replace(b"delivered", b"open"), headers).status == 403
    assert server.call("POST", EVENTS, body, headers).status == 200
    reaches(server, id, "delivered")


def test_the_largest_batch_of_events_is_taken_whole(server, sendgrid, webhook_key):
    message = email()
    id = send(server, message)
    reaches(server, id, "sent")
    mail, theirs = sendgrid.sends[message["to"]]
    strangers = [delivered(mailbox(), f"stranger{number:04d}", {}) for number in range(2500)]
    last = delivered(message["to"], theirs, mail["personalizations"][0]["custom_args"])
    body, headers = signed([*strangers, last], webhook_key)
    assert 500 << 10 < len(body) < 1 << 20
    before = server.metric('penstock_ingest_published_total{kind="delivery_status"}')
    assert server.call("POST", EVENTS, body, headers).status == 200
    assert server.metric('penstock_ingest_published_total{kind="delivery_status"}') - before == 2501
    reaches(server, id, "delivered")


def test_no_secret_and_no_address_is_in_the_log(server, twilio):
    message = sms(body="confidential")
    twilio.refusals[message["to"]] = [Twilio.error(400, 21211, f"The 'To' number {message['to']} is not valid")]
    reaches(server, send(server, message), "failed")
    text = server.log_text()
    for secret in (TOKEN, KEY, message["to"], message["from"], "confidential"):
        assert secret not in text
