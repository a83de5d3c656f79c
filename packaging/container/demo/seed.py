"""Sends and receives a few messages through Penstock, waits until those that go out are sent, and prints the conversations. What is
there already is not sent again."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("PENSTOCK_URL", "http://127.0.0.1:8080")
SECONDS = 60
SHOP, ANN = "+15550100001", "+15550100002"

OUTBOUND = [
    ("messages/sms", {"from": SHOP, "to": ANN, "body": "Hello from Penstock", "idempotencyKey": "demo-sms"}),
    ("messages/sms", {"from": SHOP, "to": ANN, "type": "mms", "body": "A picture",
                      "attachments": ["https://example.com/a.png"], "idempotencyKey": "demo-mms"}),
    ("messages/email", {"from": "shop@example.com", "to": "ann@example.com", "subject": "Order 7",
                        "body": "<p>It is on its way.</p>", "idempotencyKey": "demo-email"}),
]
INBOUND = [
    ("webhooks/sms", {"from": ANN, "to": SHOP, "body": "And hello back", "messaging_provider_id": "demo-1"}),
    ("webhooks/email", {"from": "ann@example.com", "to": "shop@example.com", "body": "Thank you", "xillio_id": "demo-2"}),
]


def call(path, body=None):
    request = urllib.request.Request(f"{URL}/api/{path}", None if body is None else json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def status(message):
    """What became of a message; nothing while it is not persisted."""
    try:
        return call(f"messages/{message}")["status"]
    except urllib.error.HTTPError as fault:
        if fault.code != 404:
            raise
        return None


sent = [call(path, body)["id"] for path, body in OUTBOUND]
for path, body in INBOUND:
    call(path, body)

deadline = time.monotonic() + SECONDS
while any(status(message) not in ("sent", "delivered", "read") for message in sent):
    if time.monotonic() > deadline:
        sys.exit(f"not everything was sent within {SECONDS} s")
    time.sleep(0.2)

for conversation in call("conversations")["items"]:
    print(f"conversation {conversation['id']}, {conversation['channel']}:")
    for message in call(f"conversations/{conversation['id']}/messages")["items"]:
        print(f"  {message['from']} to {message['to']}, {message['status']}: {message['body']}")
