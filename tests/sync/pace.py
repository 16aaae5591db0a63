#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that asks to be left alone is left alone: by the sync that runs, by what is sent beside it, by the next start of the
program; and `sync --watch` sends an edit by itself, finds the server again, and ends with 0. Planted faults:
pace-not-kept (what was told is forgotten with the process), pace-net-open (it holds for who was told alone), watch-no-nudge.

The ways of saying it are those of RFC 9110 10.2.3 (seconds, a date), of Microsoft's FHIR server (x-ms-retry-after-ms; within a
batch that had enough the remaining entries answer 429 under a 200: fhir-server issue 1658) and of Medplum's (RateLimit).
Everything else is passed on to wardline-demo.
"""
import email.utils, gzip, http.server, json, os, signal, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward

failed, checked = [], 0


def check(ok, what, got=""):
    global checked
    checked += 1
    if not ok:
        failed.append(what)
        print("FAIL:", what, got, flush=True)
        ward.enough(what)


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    to = None
    asks = []          # (moment, method, path)
    refuse = []        # of the next answers: (status, headers); None passes one on
    told, hold = 0, None
    writes = None      # headers: each PUT is told so
    entries = None     # headers: the entries of the next batch of edits answer 429 under a 200

    def log_message(self, *_):
        pass

    def say(self, status, headers, body):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k, v)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Front.asks.append((time.monotonic(), self.command, self.path))
        told = Front.refuse.pop(0) if Front.refuse else None
        if told:
            return self.say(told[0], told[1], b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled"}]}')
        plain = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        if Front.entries is not None and self.command == "POST" and b'"PUT"' in plain:
            n = len(json.loads(plain)["entry"])
            headers, Front.entries = Front.entries, None
            entry = {"response": {"status": "429", "outcome": {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "throttled"}]}}}
            self.say(200, headers, json.dumps({"resourceType": "Bundle", "type": "batch-response", "entry": [entry] * n}).encode())
            Front.told = time.monotonic()
            return Front.hold and Front.hold.set()
        if Front.writes and self.command == "PUT":
            return self.say(503, Front.writes, b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled"}]}')
        if Front.hold and self.command == "POST" and b'"PUT"' not in plain:  # the pull's answer comes when what was sent has been refused
            Front.hold.wait(30)
            time.sleep(5)  # and has been read: a client that gets both at once may ask before it reads the refusal
        q = urllib.request.Request(self.to + self.path[len("/fhir"):], body or None, method=self.command, headers={
            k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept", "content-encoding", "prefer", "host", "if-match")})
        try:
            a = urllib.request.urlopen(q)
        except urllib.error.HTTPError as e:
            a = e
        except OSError:
            self.close_connection = True
            return
        data = a.read()
        self.send_response(a.status)
        for k in ("Content-Type", "ETag", "Last-Modified", "Location", "Date"):
            if a.headers.get(k):
                self.send_header(k, a.headers[k])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a client that leaves


def forget(w):
    subprocess.run([os.path.join(ward.BUILD, "tests/sync/puller"), "set", w.home, "sync.pace", "0 0 0"], check=True)


def until(what, test, seconds=60):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            check(False, what)
            return False
        time.sleep(0.05)
    return True


def patient(pid, family):
    doc = ward.person(pid, family, "Ada")
    del doc["id"]  # a create
    return json.dumps(doc)


def post(doc):
    q = urllib.request.Request(f"{Front.to}/{doc['resourceType']}", json.dumps(doc).encode(), {"Content-Type": "application/fhir+json"})
    urllib.request.urlopen(q).close()


def at_server(w, family):
    with urllib.request.urlopen(f"{Front.to}/Patient?family={family}&_summary=count") as a:
        return json.load(a)["total"]


def long_waits(w):
    """Each way of saying it: the sync ends, exit 3, and the next start of the program asks nothing."""
    later = email.utils.formatdate(time.time() + 3600, usegmt=True)
    for name, headers in (("seconds", {"Retry-After": "3600"}), ("a date", {"Retry-After": later}),
                          ("milliseconds", {"x-ms-retry-after-ms": "3600000"}), ("nothing remains", {"RateLimit": '"requests";r=0;t=3600'}),
                          ("absurd", {"Retry-After": "99999999999999999999"})):
        Front.refuse[:] = [(429, headers)] * 40
        p = w.cli("sync", check=False)
        check(p.returncode == 3 and "asks to be left alone" in p.stderr, f"{name}: said", f"exit {p.returncode} {p.stderr}")
        n = len(Front.asks)
        p = w.cli("sync", check=False)
        check(p.returncode == 3 and "asks to be left alone" in p.stderr, f"{name}: still so at the next start", f"exit {p.returncode} {p.stderr}")
        check(len(Front.asks) == n, f"{name}: nothing is asked meanwhile", Front.asks[n:])
        Front.refuse.clear()
        forget(w)
    check(w.cli("sync").returncode == 0, "then it goes on")


def put_three(w, text):
    for i in range(3):
        doc = {"resourceType": "Observation", "status": "final", "code": {"text": f"{text}{i}"}, "subject": {"reference": "Patient/" + w.json("list")[0]["id"]}}
        w.cli("put", input=json.dumps(doc))


def short_wait(w):
    """Nobody asks before: not what was sent and told, and not the pull beside it, nor what looks after deletions."""
    put_three(w, "short")
    post({"resourceType": "Patient", "name": [{"family": "Elsewhere"}]})  # something to look after
    Front.entries, Front.hold = {"Retry-After": "9"}, threading.Event()
    n = len(Front.asks)
    p = w.cli("sync", check=False)
    told, hold = Front.told, Front.hold
    Front.hold = None
    early = [x for x in Front.asks[n:] if 2 < x[0] - told < 9]  # what had gone out by then is no ask
    check(hold.is_set() and p.returncode == 0 and not early, "nothing within the nine seconds", f"exit {p.returncode} {p.stderr} {early}")
    check(w.json("queue") == [] and len([x for x in Front.asks[n:] if x[0] - told >= 9]) > 0, "and all of it after", Front.asks[n:])


def not_begun(w):
    """What had not gone out when the server said so ends with the sync, and is not in doubt: nothing of it has left."""
    before = [q["op"] for q in w.json("queue")]
    for x in w.json("list")[:3]:
        w.cli("put", input=json.dumps({"resourceType": "Observation", "status": "final", "code": {"text": "one each"}, "subject": {"reference": "Patient/" + x["id"]}}))
    n, Front.writes = len(Front.asks), {"Retry-After": "300"}
    p = w.cli("sync", check=False, timeout=60)
    Front.writes = None
    told = len([x for x in Front.asks[n:] if x[1] == "PUT"])  # what a 503 says of itself is not that it was not carried out
    states = sorted(q["state"] for q in w.json("queue") if q["op"] not in before)
    check(p.returncode == 3 and "left alone" in p.stderr and 1 <= told <= 2 and states == told * ["indoubt"] + (3 - told) * ["queued"],
          "it ends, and what was not told is queued", f"exit {p.returncode} {p.stderr} {told} {states}")
    forget(w)


def entries_of_a_batch(w):
    put_three(w, "x")
    Front.entries = {"Retry-After": "3600"}
    p = w.cli("sync", check=False)
    check(Front.entries is None, "they went as a batch")
    check(all(x["state"] == "queued" for x in w.json("queue")) and len(w.json("queue")) == 3, "still queued, none refused for good", w.json("queue"))
    n = len(Front.asks)
    p = w.cli("sync", check=False)
    check(p.returncode == 3 and len(Front.asks) == n, "the batch's word holds for all", f"exit {p.returncode} {Front.asks[n:]}")
    forget(w)


def watch(w):
    p = w.start("sync", "--watch")
    try:
        until("it syncs", lambda: any(x[1] == "PUT" or "Observation" in x[2] or x[1] == "POST" for x in Front.asks))
        until("the first one is over", lambda: w.json("status")["lastSync"] is not None)
        w.cli("put", input=patient("nudged", "Nudgeworthy"))
        until("an edit goes by itself", lambda: at_server(w, "Nudgeworthy") == 1)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=60)
        check(p.returncode == 0, "Ctrl-C ends it with 0", f"exit {p.returncode} {err}")
    finally:
        p.kill()


def comes_back(w):
    port = int(Front.to.split(":")[2].split("/")[0])
    w.stop_server()
    p = w.start("sync", "--watch")
    try:
        line = p.stderr.readline()
        check("wardline:" in line, "what is wrong is said", line)
        w.start_server(generate=6, charts=2, port=port)
        line = p.stderr.readline()
        check("answers again" in line, "it finds the server again, and says so once", line)
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=60)
        check(p.returncode == 0 and not err, "and ends with 0", f"exit {p.returncode} {err}")
    finally:
        p.kill()


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=6, charts=2, init=False) as w:
    Front.to = w.url
    server = Server(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    w.url = f"http://127.0.0.1:{server.server_port}/fhir"
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
    server.shutdown()

print(f"{checked} checks, {len(failed)} failed")
sys.exit(1 if failed else 0)
