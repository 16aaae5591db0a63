# SPDX-License-Identifier: GPL-3.0-or-later
"""What a script checked and what was wrong of it: said when it is found, by any thread, and counted at the end.

    from verdict import check, conclude
    check("the row says NOT SENT", "NOT SENT" in row, row)
    conclude("queue")
"""
import os, sys, threading

bad, done = [], 0
lock = threading.Lock()


def enough(why):
    """Behind a check that failed: with a fault planted (tests/mutants/run) one failure is an answer, and the rest costs time."""
    if os.environ.get("FIRST_FAILURE_ENDS") and threading.current_thread() is threading.main_thread():
        sys.exit(f"FAIL: {why}")


def check(what, ok, more=""):
    """more: what was seen instead."""
    global done
    with lock:
        done += 1
        if ok:
            return
        bad.append(f"{what}: {more}")
    print("FAILED:", bad[-1][:4000], flush=True)
    enough(bad[-1])


def conclude(name):
    """The exit status is 1 when a check failed or none was made."""
    for b in bad[:40]:
        print("FAILED:", b)
    print(f"{name}: {done} checks, {len(bad)} failed")
    sys.exit(bool(bad) or not done)
