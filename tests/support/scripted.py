"""A service that says what it is told to."""

import http.server
import json


class Scripted(http.server.BaseHTTPRequestHandler):
    """Gives the answers of `script`, each to the call that it is for."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        call, status, body = self.server.script.pop(0)
        assert f"{self.command} {self.path}" == call
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass
