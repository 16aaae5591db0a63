#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large first fill by $export: what comes is what plain searches bring, byte for byte; it is polled no sooner than told, goes on
after a kill from the lines that are stored, leaves the origin with nothing, and where it cannot be had plain searches do it all.
The marks are transactionTime: what was written after it comes by the pull behind it. Planted faults: export-mark-late (the mark is
later than that), export-begins-anew (a kill forgets the lines), export-foreign (a file elsewhere is passed over).

The server is wardline-demo; between, what servers do: Retry-After, cuts, files at another host, a manifest with errors.
"""
import email.utils, http.server, json, os, re, signal, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward

failed, checked = [], 0


def check(ok, what, got=""):
    global checked
    checked += 1
    if not ok:
        failed.append(what)
        print("FAIL:", what, str(got)[:600], flush=True)
        ward.enough(what)


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    to, base = None, None
    asks = []
    hang = None        # "Observation": its file hangs after the lines
    hang_lines = 0
    cut = None         # its file always breaks off at the same place
    edit = None        # changes the manifest
    wait = None        # Retry-After of the first poll
    kicked = 0
    on_manifest = None

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        Front.asks.append((time.monotonic(), self.command, self.path))
        q = urllib.request.Request(self.to + self.path[len("/fhir"):], body or None, method=self.command, headers={
            k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept", "content-encoding", "prefer", "host", "if-match")})
        try:
            a = urllib.request.urlopen(q)
        except urllib.error.HTTPError as e:
            a = e
        data, more = a.read(), {}
        if "$export-poll-status" in self.path and a.status == 202 and self.wait:
            more["Retry-After"] = str(self.wait)
        if "$export-poll-status" in self.path and a.status == 200 and self.command == "GET":
            if Front.on_manifest:
                Front.on_manifest()
            data = json.dumps(Front.edit(json.loads(data))).encode() if Front.edit else data
        self.send_response(a.status)
        for k in ("Content-Type", "ETag", "Last-Modified", "Location", "Content-Location", "Retry-After", "Date"):
            if a.headers.get(k) or k in more:
                self.send_header(k, more.get(k, a.headers[k]))
        if Front.cut and f".{Front.cut}" in self.path:
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:20000])
            self.close_connection = True
            return
        if self.hang and f".{self.hang}" in self.path:
            lines = data.split(b"\n")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(b"\n".join(lines[:self.hang_lines]) + b"\n" + lines[self.hang_lines][:50])
            self.wfile.flush()
            time.sleep(60)
            return
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def until(what, test, seconds=90):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            check(False, what)
            return
        time.sleep(0.05)


def paths(part, since=0):
    return [x for x in Front.asks[since:] if part in x[2]]


def contents(w, out):
    w.cli("export", out)
    return {n: sorted(open(os.path.join(out, n), "rb").read().splitlines()) for n in os.listdir(out)}


def fresh(w, name):
    home = os.path.join(w.tmp, name)
    w.quick(home)
    return home


def of_a_group():
    """The demo server's own: the charts of those whom a Group names, and nobody else's; refused without respond-async, as HAPI does."""
    with urllib.request.urlopen(Front.to + "/Group?_count=1") as a:
        group = json.load(a)["entry"][0]["resource"]
    named = {m["entity"]["reference"] for m in group["member"]}
    kick = f"{Front.to}/Group/{group['id']}/$export?_type=Patient,Condition"
    try:
        urllib.request.urlopen(kick)
        check(False, "without Prefer it is refused")
    except urllib.error.HTTPError as e:
        check(e.code == 400, "without Prefer it is refused", e.code)
    with urllib.request.urlopen(urllib.request.Request(kick, headers={"Prefer": "respond-async"})) as a:
        status, poll = a.status, a.headers["Content-Location"]
    check(status == 202 and poll, "kicked off", status)
    with urllib.request.urlopen(poll) as a:
        check(a.status == 202 and a.headers["Retry-After"] == "1", "not yet", a.status)
    with urllib.request.urlopen(poll) as a:
        manifest = json.load(a)
    check([o["type"] for o in manifest["output"]] == ["Condition", "Patient"], "its files", manifest)
    for o in manifest["output"]:
        with urllib.request.urlopen(urllib.request.Request(o["url"], headers={"Accept": "application/fhir+ndjson"})) as a:
            rows = [json.loads(x) for x in a.read().splitlines()]
        whose = {f"Patient/{r['id']}" if o["type"] == "Patient" else r["subject"]["reference"] for r in rows}
        check(rows and whose <= named and (o["type"] != "Patient" or whose == named), f"{o['type']} of the group alone", len(whose))


def main(w, plain):
    fresh(w, "first")
    made = []

    def written_later():
        time.sleep(1.1)
        doc = {"resourceType": "Observation", "status": "final", "code": {"text": "after the snapshot"}, "subject": {"reference": "Patient/" + plain["pid"]}}
        q = urllib.request.Request(Front.to + "/Observation", json.dumps(doc).encode(), {"Content-Type": "application/fhir+json"})
        with urllib.request.urlopen(q) as a:
            made.append(json.load(a)["id"])
    Front.on_manifest, Front.wait = written_later, 2
    p = w.cli("sync", check=False)
    Front.on_manifest = None
    polls, files = paths("$export-poll-status"), [x for x in paths("/Binary/export-") if x[1] == "GET"]
    check(p.returncode == 0 and len(paths("/$export?")) == 1, "one export", f"exit {p.returncode} {p.stderr}")
    check(len(polls) == 3 and polls[1][0] - polls[0][0] >= 2 and polls[2][1] == "DELETE", "polled when told, and tidied up", polls)
    check(any(".Observation" in x[2] for x in files) and not any(".Patient" in x[2] for x in files), "the kinds behind the first rank", files)
    check(w.cli("get", "Observation/" + made[0], check=False).returncode == 0, "what was written after the snapshot is here", made)
    got = contents(w, os.path.join(w.tmp, "out1"))
    for n, lines in plain["files"].items():
        mine = [x for x in got.get(n, []) if made[0].encode() not in x]
        check(mine == lines, f"{n}: byte for byte", f"{len(mine)} of {len(lines)}")
    check(w.json("status")["notFetched"] == [], "all of it is whole", w.json("status")["notFetched"])
    n = len(Front.asks)
    w.cli("sync")
    check(not paths("export", n), "not again")

    fresh(w, "killed")
    Front.hang, Front.hang_lines, Front.wait = "Observation", 450, None
    n = len(Front.asks)
    p = w.start("sync")
    until("its file is asked for", lambda: paths(".Observation", n))
    puller = [os.path.join(ward.BUILD, "tests/sync/puller")]
    time.sleep(3)
    p.send_signal(signal.SIGKILL)
    p.communicate()
    Front.hang = None
    had = w.json("status")["counts"].get("Observation", 0)
    check(had >= 400, "lines are stored as they come", had)
    n = len(Front.asks)
    p = w.cli("sync", check=False)
    check(p.returncode == 0 and not paths("/$export?", n) and len(paths("$export-poll-status", n)) >= 1, "the same export goes on", f"exit {p.returncode} {p.stderr} {paths('export', n)}")
    got = contents(w, os.path.join(w.tmp, "out2"))
    check(all([x for x in got.get(k, []) if made[0].encode() not in x] == v for k, v in plain["files"].items()), "and comes to the same")

    fresh(w, "stuck")
    Front.cut = "Observation"
    n = len(Front.asks)
    p = w.cli("sync", check=False)
    Front.cut = None
    check(p.returncode == 0 and len(paths(".Observation", n)) == 4, "a file that always breaks off is given up", f"exit {p.returncode} {p.stderr} {len(paths('.Observation', n))}")
    check(w.json("status")["counts"].get("Observation", 0) > had, "and plain searches bring it")

    for name, edit in (("a file elsewhere", lambda m: {**m, "output": [{**m["output"][0], "url": "http://127.0.0.1:9/x"}] + m["output"][1:]}),
                       ("errors", lambda m: {**m, "error": [{"type": "OperationOutcome", "url": Front.base + "/e"}]}),
                       ("no transactionTime", lambda m: {k: v for k, v in m.items() if k != "transactionTime"})):
        fresh(w, "bad" + name.replace(" ", ""))
        Front.edit = edit
        n = len(Front.asks)
        p = w.cli("sync", check=False)
        Front.edit = None
        check(p.returncode == 0 and not paths("/Binary/export-", n), f"{name}: plain searches", f"exit {p.returncode} {p.stderr}")
        check(w.json("status")["counts"].get("Observation", 0) > had, f"{name}: bring it all")


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=520, charts=30, init=False) as w:
    Front.to = w.url
    direct = w.url
    server = Server(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # what plain searches bring: a scope of all, from a server that has no export
    fresh(w, "plain")
    subprocess.run([os.path.join(ward.BUILD, "tests/sync/puller"), "set", w.home, "sync.nobulk", str(int(time.time() * 1000))], check=True)
    subprocess.run([os.path.join(ward.BUILD, "tests/sync/puller"), "set", w.home, "sync.whose", direct + " all"], check=True)
    w.cli("sync")
    plain = {"files": contents(w, os.path.join(tmp, "out0")), "pid": w.json("list")[0]["id"]}
    w.url = Front.base = f"http://127.0.0.1:{server.server_port}/fhir"
    of_a_group()
    main(w, plain)
    server.shutdown()

print(f"{checked} checks, {len(failed)} failed")
sys.exit(1 if failed else 0)
