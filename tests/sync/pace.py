#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that asks to be left alone is left alone: by the sync that runs, by what is sent beside it, by the next start of the
program; and `sync --watch` sends an edit by itself, finds the server again, and ends with 0. Planted faults:
pace-not-kept (what was told is forgotten with the process), pace-net-open (it holds for who was told alone), watch-no-nudge.

The ways of saying it are those of RFC 9110 10.2.3 (seconds, a date), of Microsoft's FHIR server (x-ms-retry-after-ms; within a
batch that had enough the remaining entries answer 429 under a 200: fhir-server issue 1658) and of Medplum's (RateLimit).
Everything else is passed on to wardline-demo.
"""
import email.utils, gzip, json, os, signal, sys, tempfile, threading, time, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from front import Front, serving
from verdict import check, conclude

THROTTLED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "throttled"}]}


class Busy(Front):
    asks = []
    refuse = []        # of the next answers: (status, headers); None passes one on
    told, hold = 0, None
    edits = None       # headers: each PUT is told so
    entries = None     # headers: the entries of the next batch of edits answer 429 under a 200

    def answers(self, body):
        told = Busy.refuse.pop(0) if Busy.refuse else None
        if told:
            return self.throttles(*told)
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        if Busy.entries is not None and self.command == "POST" and b'"PUT"' in plain:
            headers, Busy.entries = Busy.entries, None
            entry = {"response": {"status": "429", "outcome": THROTTLED}}
            self.say(200, headers, json.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": [entry] * len(json.loads(plain)["entry"])}).encode())
            Busy.told = time.monotonic()
            if Busy.hold:
                Busy.hold.set()
            return True
        if Busy.edits and self.command == "PUT":
            self.throttles(503, Busy.edits)
            if Busy.hold:
                Busy.hold.set()
            return True
        if Busy.hold and self.command == "POST" and b'"PUT"' not in plain:  # the pull's answer comes when what was sent has been refused
            Busy.hold.wait(30)
            time.sleep(5)  # and has been read: a client that gets both at once may ask before it reads the refusal
        return False

    def throttles(self, status, headers):
        self.say(status, headers, json.dumps(THROTTLED).encode())
        return True


def forget(w):
    w.set("sync.pace", "0 0 0")


def until(what, test, seconds=60):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            check(what, False)
            return False
        time.sleep(0.05)
    return True


def patient(pid, family):
    doc = ward.person(pid, family, "Ada")
    del doc["id"]  # a create
    return json.dumps(doc)


def post(doc):
    q = urllib.request.Request(f"{Busy.to}/{doc['resourceType']}", json.dumps(doc).encode(), {"Content-Type": "application/fhir+json"})
    urllib.request.urlopen(q).close()


def at_server(w, family):
    with urllib.request.urlopen(f"{Busy.to}/Patient?family={family}&_summary=count") as a:
        return json.load(a)["total"]


def long_waits(w):
    """Each way of saying it: the sync ends, exit 3, and the next start of the program asks nothing."""
    later = email.utils.formatdate(time.time() + 3600, usegmt=True)
    for name, headers in (("seconds", {"Retry-After": "3600"}), ("a date", {"Retry-After": later}),
                          ("milliseconds", {"x-ms-retry-after-ms": "3600000"}), ("nothing remains", {"RateLimit": '"requests";r=0;t=3600'}),
                          ("absurd", {"Retry-After": "99999999999999999999"})):
        Busy.refuse[:] = [(429, headers)] * 40
        p = w.cli("sync", check=False)
        check(f"{name}: said", p.returncode == 3 and "asks to be left alone" in p.stderr, f"exit {p.returncode} {p.stderr}")
        n = len(Busy.asks)
        p = w.cli("sync", check=False)
        check(f"{name}: still so at the next start", p.returncode == 3 and "asks to be left alone" in p.stderr, f"exit {p.returncode} {p.stderr}")
        check(f"{name}: nothing is asked meanwhile", len(Busy.asks) == n, Busy.asks[n:])
        Busy.refuse.clear()
        forget(w)
    check("then it goes on", w.cli("sync").returncode == 0)


def put_three(w, text):
    for i in range(3):
        doc = {"resourceType": "Observation", "status": "final", "code": {"text": f"{text}{i}"}, "subject": {"reference": "Patient/" + w.json("list")[0]["id"]}}
        w.cli("put", input=json.dumps(doc))


def short_wait(w):
    """Nobody asks before: not what was sent and told, and not the pull beside it, nor what looks after deletions."""
    put_three(w, "short")
    post({"resourceType": "Patient", "name": [{"family": "Elsewhere"}]})  # something to look after
    Busy.entries, Busy.hold = {"Retry-After": "9"}, threading.Event()
    n = len(Busy.asks)
    p = w.cli("sync", check=False)
    told, hold = Busy.told, Busy.hold
    Busy.hold = None
    early = [(round(x[0] - told, 2), *x[1:]) for x in Busy.asks[n:] if 2 < x[0] - told < 8.5]  # what had gone out by then is no ask; it was told a moment before told
    check("nothing within the nine seconds", hold.is_set() and p.returncode == 0 and not early, f"exit {p.returncode} {p.stderr} {early}")
    check("and all of it after", w.json("queue") == [] and len([x for x in Busy.asks[n:] if x[0] - told >= 8.5]) > 0, Busy.asks[n:])


def not_begun(w):
    """What had not gone out when the server said so ends with the sync, and is not in doubt: nothing of it has left."""
    before = [q["op"] for q in w.json("queue")]
    for x in w.json("list")[:3]:
        w.cli("put", input=json.dumps({"resourceType": "Observation", "status": "final", "code": {"text": "one each"}, "subject": {"reference": "Patient/" + x["id"]}}))
    n, Busy.edits, Busy.hold = len(Busy.asks), {"Retry-After": "300"}, threading.Event()
    p = w.cli("sync", check=False, timeout=120)
    Busy.edits = Busy.hold = None
    told = len([x for x in Busy.asks[n:] if x[1] == "PUT"])  # what a 503 says of itself is not that it was not carried out
    states = sorted(q["state"] for q in w.json("queue") if q["op"] not in before)
    check("it ends, and what was not told is queued",
          p.returncode == 3 and "left alone" in p.stderr and 1 <= told <= 2 and states == told * ["indoubt"] + (3 - told) * ["queued"], f"exit {p.returncode} {p.stderr} {told} {states}")
    forget(w)


def entries_of_a_batch(w):
    put_three(w, "x")
    Busy.entries = {"Retry-After": "3600"}
    p = w.cli("sync", check=False)
    check("they went as a batch", Busy.entries is None)
    check("still queued, none refused for good", all(x["state"] == "queued" for x in w.json("queue")) and len(w.json("queue")) == 3, w.json("queue"))
    n = len(Busy.asks)
    p = w.cli("sync", check=False)
    check("the batch's word holds for all", p.returncode == 3 and len(Busy.asks) == n, f"exit {p.returncode} {Busy.asks[n:]}")
    forget(w)


def watch(w):
    p = w.start("sync", "--watch")
    try:
        until("it syncs", lambda: any(x[1] == "PUT" or "Observation" in x[2] or x[1] == "POST" for x in Busy.asks))
        until("the first one is over", lambda: w.json("status")["lastSync"] is not None)
        w.cli("put", input=patient("nudged", "Nudgeworthy"))
        until("an edit goes by itself", lambda: at_server(w, "Nudgeworthy") == 1)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=60)
        check("Ctrl-C ends it with 0", p.returncode == 0, f"exit {p.returncode} {err}")
    finally:
        p.kill()


def comes_back(w):
    port = int(Busy.to.split(":")[2].split("/")[0])
    w.stop_server()
    p = w.start("sync", "--watch")
    try:
        line = p.stderr.readline()
        check("what is wrong is said", "wardline:" in line, line)
        w.start_server(generate=6, charts=2, port=port)
        line = p.stderr.readline()
        check("it finds the server again, and says so once", "answers again" in line, line)
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=60)
        check("and ends with 0", p.returncode == 0 and not err, f"exit {p.returncode} {err}")
    finally:
        p.kill()


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=6, charts=2, init=False) as w, serving(Busy, w.url) as w.url:
    w.quick()
    w.cli("sync")
    long_waits(w)
    w.cli("sync", check=False)
    short_wait(w)
    entries_of_a_batch(w)
    w.cli("sync", check=False)
    not_begun(w)
    w.cli("sync", check=False)
    watch(w)
    comes_back(w)

conclude("pace")
