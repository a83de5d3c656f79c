"""One run of wrk, which posts new text messages as fast as they are answered."""

import json
import pathlib
import subprocess

SCRIPT = pathlib.Path(__file__).resolve().parent / "post.lua"


def wrk(url, seconds, connections):
    """Requests a second, errors (every answer but 2xx and 3xx included) and latencies."""
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(SCRIPT), url],
                         capture_output=True, text=True, check=True).stdout
    result = json.loads(next(line for line in out.splitlines() if line.startswith("JSON "))[5:])
    return {"requests": result["requests"], "rate": result["requests"] / (result["duration_us"] / 1e6),
            "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000, "errors": result["errors"]}
