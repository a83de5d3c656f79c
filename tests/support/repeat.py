"""Runs the GoogleTest binaries of a build again and again in one process each, which ctest would start anew for every case.

Usage: repeat.py --build build/release --label 'unit|conformance' --rounds 50
Two binaries run at once (--jobs). Ends with a line "N passed, N failed" that counts binaries, and exit status 1 when one failed.
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys


def commands(build, label):
    """Each binary's command without the choice of one case, with its environment."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", "-L", label], capture_output=True, text=True,
                             check=True).stdout
    found = {}
    for test in json.loads(listing)["tests"]:
        command = [part for part in test.get("command", []) if not part.startswith("--gtest")]
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        found.setdefault(tuple(command), (properties.get("ENVIRONMENT", []), properties.get("WORKING_DIRECTORY")))
    return found


def repeated(command, environment, folder, rounds):
    """One binary's rounds: whether all were good, how many there were of how many cases, and what it said."""
    extra = dict(entry.split("=", 1) for entry in environment)
    run = subprocess.run([*command, f"--gtest_repeat={rounds}", "--gtest_brief=1"], env={**os.environ, **extra}, cwd=folder,
                         capture_output=True, text=True, errors="replace", check=False)
    cases = re.findall(r"\[==========\] (\d+) tests? from", run.stdout)
    return run.returncode == 0 and len(cases) >= rounds, cases, run.stdout[-20000:] + run.stderr[-20000:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--label", required=True)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    passed, failed = 0, 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as jobs:
        running = {jobs.submit(repeated, command, *rest, options.rounds): command
                   for command, rest in sorted(commands(options.build, options.label).items())}
        for job in concurrent.futures.as_completed(running):
            good, cases, said = job.result()
            passed, failed = passed + good, failed + (not good)
            name = " ".join(os.path.basename(word) for word in running[job])
            print(f"{'ok' if good else 'FAILED'}  {name}  {len(cases)} rounds of {cases[0] if cases else 0}", flush=True)
            if not good:
                print(said, flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
