"""Posts messages at a steady rate, whatever the answers take: each when it is due, from threads with a connection each."""

import datetime
import http.client
import json
import threading
import time

THREADS = 32  # so many answers may take their time


def post_at(port, rate, seconds):
    """How many were accepted and refused, and how late the latest was sent, in seconds. A message's timestamp is when it
    was due, so that a server that holds up those who post is not spared what waits behind it."""
    start = time.monotonic() + 0.1
    start_wall = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=0.1)
    count = int(rate * seconds)
    lock = threading.Lock()
    result = {"accepted": 0, "refused": 0, "latest": 0.0}

    def work(first):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        for number in range(first, count, THREADS):
            due = start + number / rate
            written = start_wall + datetime.timedelta(seconds=number / rate)
            time.sleep(max(0.0, due - time.monotonic()))
            late = time.monotonic() - due
            body = {"from": f"+1555{number % 10000:07d}", "to": f"+1666{number % 10000:07d}", "type": "sms",
                    "body": f"Message {number} at {written.timestamp()}: the parcel leaves the depot at noon.",
                    "timestamp": written.isoformat(timespec="milliseconds").replace("+00:00", "Z"), "metadata": {"campaign": "spring"}}
            connection.request("POST", "/api/messages/sms", json.dumps(body).encode(), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            with lock:
                result["accepted" if answer.status == 202 else "refused"] += 1
                result["latest"] = max(result["latest"], late)
        connection.close()

    threads = [threading.Thread(target=work, args=(first,)) for first in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return result
