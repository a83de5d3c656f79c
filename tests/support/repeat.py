"""Runs the GoogleTest binaries of a build again and again in one process each, which ctest would start anew for every case.

Usage: repeat.py --build build/release --label 'unit|conformance' --rounds 50
Two binaries run at once (--jobs); what is pytest under that label is left out. Ends with a line "N passed, N failed" that counts
binaries, and exit status 1 when one failed.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys

# Longer than any binary takes on a busy machine; what takes longer hangs.
FIRST_SECONDS = 300
ROUND_SECONDS = 90


def commands(build, label):
    """Each binary's command without the choice of one case, with its environment."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", "-L", label], capture_output=True, text=True,
                             check=True).stdout
    found = {}
    for test in json.loads(listing)["tests"]:
        if "pytest" in test.get("command", []):
            continue
        command = [part for part in test.get("command", []) if not part.startswith("--gtest")]
        properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
        found.setdefault(tuple(command), (properties.get("ENVIRONMENT", []), properties.get("WORKING_DIRECTORY")))
    return found


def repeated(command, environment, folder, rounds):
    """One binary's rounds: whether all were good, how many there were of how many cases, and what it said."""
    extra = dict(entry.split("=", 1) for entry in environment)
    process = subprocess.Popen([*command, f"--gtest_repeat={rounds}", "--gtest_brief=1"], env={**os.environ, **extra}, cwd=folder,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    try:
        said, _ = process.communicate(timeout=FIRST_SECONDS + rounds * ROUND_SECONDS)
    except subprocess.TimeoutExpired:
        where = stacks(process.pid)
        process.kill()
        said = process.communicate()[0] + "\nIt hangs:\n" + where
    cases = re.findall(r"\[==========\] (\d+) tests? from", said)
    return process.returncode == 0 and len(cases) >= rounds, cases, said[-40000:]


def stacks(pid):
    """Where its threads stand, if there is a debugger to ask."""
    if not shutil.which("gdb"):
        return "(no gdb to say where)"
    asked = subprocess.run(["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all bt 20"], capture_output=True, text=True,
                           timeout=120, check=False)
    return asked.stdout


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
