"""Plays the provider of the demonstration: takes what Penstock posts and prints it. Everything is made up, so nothing is hidden."""

import http.server
import json
import os
import sys
import uuid

PORT = int(os.environ.get("RECEIVER_PORT", "9099"))
KEY = os.environ["WEBHOOK_AUTH_KEY"]
LONGEST = 1 << 20


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer(200, {})

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        if length > LONGEST:
            self.close_connection = True
            return self.answer(413, {"error": "too long"})
        body = self.rfile.read(length)
        if self.headers.get("x-ins-auth-key") != KEY:
            return self.answer(401, {"error": "not the key that was agreed on"})
        message = json.loads(body)
        print(f"to {message['to']}: {message['content']}", flush=True)
        return self.answer(202, {"messageId": str(uuid.uuid4())})

    def log_message(self, *_):
        """Only messages are printed."""


server = http.server.ThreadingHTTPServer(("", PORT), Receiver)
print(f"receiver on port {server.server_address[1]}", file=sys.stderr, flush=True)
server.serve_forever()
