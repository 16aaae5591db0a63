#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`attachment` over a line that breaks, from servers of every kind: what comes out is the content that the record names, or
an error. A server that knows ranges pays for no byte twice; one that does not (HAPI 8.8.0 answers a Range with 200 and all
of it) begins anew; two versions are never joined. Planted faults: blob-range-200-appended (a 200 to a Range is taken for
the rest), blob-part-of-another (a 206 of another ETag is).

Everything but Binary is passed on to wardline-demo.
"""
import base64, gzip, hashlib, http.server, json, os, pty, re, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude

CHUNK = 65536
DATA = bytes((i * 7919 >> 5 & 0xff) for i in range(1000003))
OTHER = bytes((i * 104729 >> 7 & 0xff) for i in range(1000003))


class Binary:
    """How Binary/x is answered: the next test sets what it wants."""

    def __init__(self):
        self.asks, self.sent = [], 0
        self.set()

    def set(self, data=DATA, etag='W/"1"', ranges=True, cuts=(), media="application/pdf", status=200, length=True, lie=0, coding=None, hang=False):
        self.data, self.etag, self.ranges, self.media, self.status, self.length = data, etag, ranges, media, status, length
        self.lie, self.coding, self.hang = lie, coding, hang
        self.cuts = list(cuts)  # of the next answers: bytes of body, then the line is gone
        self.asks.clear()
        self.sent = 0


binary = Binary()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    to = None

    def log_message(self, *_):
        pass

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        q = urllib.request.Request(self.to + self.path[len("/fhir"):], body or None, method=self.command, headers={
            k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept", "content-encoding", "prefer", "host")})
        try:
            a = urllib.request.urlopen(q)
        except urllib.error.HTTPError as e:
            a = e
        data = a.read()
        self.send_response(a.status)
        for k in ("Content-Type", "ETag", "Last-Modified"):
            if a.headers.get(k):
                self.send_header(k, a.headers[k])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        self.pass_on()

    def do_GET(self):
        b = binary
        if not self.path.startswith("/fhir/Binary/"):
            return self.pass_on()
        asked = self.headers.get("Range")
        b.asks.append((asked, self.headers.get("Accept-Encoding"), self.headers.get("Accept")))
        at = int(re.match(r"bytes=(\d+)-$", asked).group(1)) if asked and b.ranges else 0
        part = bool(asked and b.ranges) and b.status == 200
        body = b.data[at:] if b.status == 200 else b"{}"
        if b.coding == "gzip":
            body = gzip.compress(body)
        self.send_response(206 if part else b.status)
        self.send_header("Content-Type", b.media)
        if b.etag:
            self.send_header("ETag", b.etag)
        if b.coding:
            self.send_header("Content-Encoding", b.coding)
        if part:
            self.send_header("Content-Range", f"bytes {at + b.lie}-{len(b.data) - 1}/{len(b.data)}")
        if b.length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        cut = b.cuts.pop(0) if b.cuts else None
        body = body if cut is None else body[:cut]
        try:
            for i in range(0, len(body), 16384):
                self.wfile.write(body[i:i + 16384])
                b.sent += len(body[i:i + 16384])
                if b.hang:
                    time.sleep(0.05)
        except OSError:
            pass
        if cut is not None:
            self.close_connection = True


def between(w):
    """The ward's server is reached through here from now on."""
    Handler.to = w.url
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    w.url = f"http://127.0.0.1:{server.server_port}/fhir"


def sha1(data):
    return base64.b64encode(hashlib.sha1(data).digest()).decode()


def document(w, **attachment):
    w.put({"resourceType": "DocumentReference", "id": "d1", "status": "current", "subject": {"reference": "Patient/p1"}, "date": "2026-01-01T10:00:00Z",
           "type": {"text": "Letter"}, "content": [{"attachment": {"contentType": "application/pdf", "url": "Binary/x", "title": "Scan", **attachment}}]})
    w.cli("sync")


def fetch(w, *more, **kw):
    return w.cli("attachment", "DocumentReference/d1", *more, text=False, check=False, **kw)


def state(w):
    return json.loads(w.cli("attachment", "DocumentReference/d1", "--json").stdout)[0]


def fresh(w, n=[0], **attachment):
    """Another URL: what was kept before is not this one."""
    n[0] += 1
    document(w, url=f"Binary/x{n[0]}", **attachment)
    assert state(w)["state"] == "not fetched", state(w)


# --- lines that break ------------------------------------------------------------------------------------

def cut_often(w):
    fresh(w, size=len(DATA), hash=sha1(DATA))
    binary.set(cuts=[300000, 5, 200001, 150000])
    p = fetch(w)
    while p.returncode and len(binary.asks) < 20:
        p = fetch(w)
    check(f"after cuts: {p.returncode} {len(p.stdout)} {p.stderr}", p.returncode == 0 and p.stdout == DATA)
    check(f"the first question: {binary.asks[0]}", binary.asks[0] == (None, "identity", "*/*"))
    check(f"the rest is asked for: {binary.asks}", all(a[0] for a in binary.asks[1:]))
    check(f"{binary.sent} bytes were sent for {len(DATA)}", binary.sent < len(DATA) + 20 * CHUNK)


def goes_on(w):
    """The line is dead for good, then another day: of what came, whole chunks were kept."""
    fresh(w, size=len(DATA))
    binary.set(cuts=[500000, 0, 0])
    p = fetch(w)
    check(f"a line that is dead: {p.returncode} {p.stderr}", p.returncode == 3 and not p.stdout and b"cut" in p.stderr)
    s = state(w)
    check(f"what is kept of it: {s}", s["state"] == "part" and s["have"] == 500000 // CHUNK * CHUNK)
    binary.set()
    p = fetch(w)
    check(f"another day: {p.returncode} {p.stderr}", p.returncode == 0 and p.stdout == DATA)
    check(f"asked: {binary.asks}", [a[0] for a in binary.asks] == [f"bytes={s['have']}-"])
    check(f"sent {binary.sent}", binary.sent == len(DATA) - s["have"])
    check("the third time nobody is asked", fetch(w).stdout == DATA and len(binary.asks) == 1)


def killed(w):
    fresh(w, size=len(DATA))
    binary.set(hang=True, data=DATA * 3)
    document(w, url="Binary/killed", size=3 * len(DATA))
    p = w.start("attachment", "DocumentReference/d1", stdout=subprocess.DEVNULL)
    until = time.time() + 20
    while binary.sent < 1900000 and time.time() < until:
        time.sleep(0.05)
    p.kill()
    p.wait()
    s = state(w)
    check(f"after kill -9: {s}", s["state"] == "part" and s["have"] >= 1 << 20)
    binary.set(data=DATA * 3)
    p = fetch(w)
    check(f"after kill -9: {p.returncode} {p.stderr} {binary.asks}", p.stdout == DATA * 3 and binary.asks[0][0] == f"bytes={s['have']}-")


# --- what servers make of a Range --------------------------------------------------------------------------

def part_of(w, **attachment):
    fresh(w, **attachment)
    binary.set(cuts=[400000, 0, 0])
    fetch(w)
    assert state(w)["state"] == "part", state(w)


def no_ranges(w):
    part_of(w, size=len(DATA))
    binary.set(ranges=False)
    p = fetch(w)
    check(f"200 to a Range: {p.returncode} {len(p.stdout)} {p.stderr}", p.returncode == 0 and p.stdout == DATA)
    check(f"200 to a Range: {binary.asks}", binary.asks[0][0] and len(binary.asks) == 1)


def changed(w):
    part_of(w)
    binary.set(data=OTHER, etag='W/"2"')
    p = fetch(w)
    check(f"a part of another version: {p.returncode} {p.stderr}", p.returncode == 0 and p.stdout == OTHER)
    check(f"asked: {binary.asks}", [a[0] is None for a in binary.asks] == [False, True])


def lies(w):
    part_of(w, size=len(DATA))
    binary.set(lie=1)
    p = fetch(w)
    check(f"a range that was not asked for: {p.returncode} {p.stderr} {binary.asks}", p.stdout == DATA and len(binary.asks) == 2)
    part_of(w, size=len(DATA))
    binary.set(status=416)
    p = fetch(w)
    check(f"416: {p.returncode} {binary.asks}", p.returncode == 3 and [a[0] is None for a in binary.asks] == [False, True])


def unnamed(w):
    """Without an ETag only a hash shows that two halves are of one whole."""
    fresh(w)
    binary.set(etag=None, cuts=[400000, 0])
    fetch(w)
    binary.set(etag=None)
    check(f"no ETag, no hash: {binary.asks}", fetch(w).stdout == DATA and binary.asks[0][0] is None)
    fresh(w, hash=sha1(DATA))
    binary.set(etag=None, cuts=[400000, 0])
    fetch(w)
    binary.set(etag=None)
    check(f"no ETag, but a hash: {binary.asks}", fetch(w).stdout == DATA and binary.asks[0][0])
    fresh(w, hash=sha1(DATA))
    binary.set(etag=None, cuts=[400000, 0])
    fetch(w)
    binary.set(etag=None, data=OTHER)
    p = fetch(w)
    check(f"halves of two, and a hash: {p.returncode} {state(w)}", p.returncode == 3 and not p.stdout and state(w)["state"] == "not fetched")


# --- what is no document -------------------------------------------------------------------------------------

def refused(w):
    cases = [
        ("another content", dict(data=OTHER), dict(hash=sha1(DATA)), 3, b"not the document"),
        ("another size", dict(data=DATA[:-1]), dict(size=len(DATA)), 3, b"not the document"),
        ("a portal's page", dict(data=b"<html>sign in</html>", media="text/html; charset=utf-8"), {}, 3, b"not FHIR"),
        ("none there", dict(status=404), {}, 2, b"not found"),
        ("nobody is let in", dict(status=403), {}, 3, b"let"),
        ("an error of the server's", dict(status=500), {}, 3, b"refused"),
        ("a body without an end", dict(length=False, cuts=[400000]), dict(size=len(DATA)), 3, b"not the document"),
    ]
    for what, answer, stated, code, words in cases:
        fresh(w, **stated)
        binary.set(**answer)
        p = fetch(w)
        check(f"{what}: {p.returncode} {p.stderr}", p.returncode == code and not p.stdout and words in p.stderr)
        check(f"{what}: {state(w)}", state(w)["state"] == "not fetched")


def other_forms(w):
    fresh(w, size=len(DATA), hash=sha1(DATA))
    binary.set(coding="gzip")
    check("compressed, although that was not asked for", fetch(w).stdout == DATA)
    fresh(w, size=len(DATA), hash=sha1(DATA))
    resource = {"resourceType": "Binary", "id": "x", "contentType": "application/pdf", "data": base64.b64encode(DATA).decode()}
    binary.set(data=json.dumps(resource).encode(), media="application/fhir+json;charset=UTF-8")
    check("as FHIR's own resource", fetch(w).stdout == DATA)
    document(w, url=w.url + "/Binary/absolute", size=len(DATA))
    binary.set(length=False)
    check("an absolute URL of the profile's server, no length", fetch(w).stdout == DATA)
    document(w, url="http://127.0.0.1:9/fhir/Binary/x")
    check(f"another server: {state(w)}", state(w)["state"] == "elsewhere")
    binary.set()
    p = fetch(w)
    check(f"another server: {p.returncode} {p.stderr}", p.returncode == 3 and b"another server" in p.stderr and not binary.asks)
    fresh(w, size=len(DATA))
    binary.set(data=b"", etag=None)
    document(w, url="Binary/empty", size=0)
    check(f"an empty one: {state(w)}", fetch(w).stdout == b"" and state(w)["state"] == "kept" and state(w)["size"] == 0)


# --- the verb -------------------------------------------------------------------------------------------------

def to_a_file(w):
    fresh(w, size=len(DATA))
    binary.set()
    out = os.path.join(w.tmp, "scan.pdf")
    p = fetch(w, "--out", out)
    check(f"--out: {p.returncode} {p.stderr}", p.returncode == 0 and open(out, "rb").read() == DATA and os.stat(out).st_mode & 0o777 == 0o600)
    p = fetch(w, "--out", out)
    check(f"--out over a file: {p.returncode}", p.returncode == 2 and open(out, "rb").read() == DATA)
    asks = len(binary.asks)
    check("--again", fetch(w, "--again").stdout == DATA and len(binary.asks) == asks + 1)
    before = [r for r in w.kept("rows") if r["id"] == "d1"]  # kills attached-unaudited
    fetch(w)
    rows = [r for r in w.kept("rows") if r["id"] == "d1"]
    check(f"each stands in the audit trail: {rows[-1:]}", len(rows) == len(before) + 1 and rows[-1]["chart"] == "p1")
    for words, code in ((["DocumentReference/d1", "2"], 2), (["DocumentReference/d1", "0"], 1), (["DocumentReference/nobody"], 2), (["Patient/p1"], 2), (["d1"], 2)):
        p = w.cli("attachment", *words, check=False)
        check(f"attachment {words}: {p.returncode} {p.stderr}", p.returncode == code and not p.stdout)


def damaged(w):
    fresh(w, size=len(DATA))
    binary.set()
    fetch(w)
    folder = os.path.join(w.home, "blobs")
    newest = max((os.path.join(folder, n) for n in os.listdir(folder)), key=os.path.getmtime)
    with open(newest, "r+b") as f:
        f.seek(CHUNK * 3)
        f.write(b"harm")
    out = os.path.join(w.tmp, "damaged.pdf")
    p = fetch(w, "--out", out)
    check(f"a damaged one: {p.returncode} {p.stderr}", p.returncode == 5 and not os.path.exists(out))
    p = w.cli("verify", check=False)
    check(f"verify: {p.returncode} {p.stdout}", p.returncode == 5 and "attachment" in p.stdout)
    check("and it is fetched again", fetch(w, "--again").stdout == DATA and w.cli("verify").returncode == 0)


def terminal(w):
    """On a terminal: words as safe text; anything else must go to a file."""
    def on_terminal():
        master, slave = pty.openpty()
        p = w.start("attachment", "DocumentReference/d1", stdout=slave)
        os.close(slave)
        got = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            got += piece
        p.wait()
        os.close(master)
        return p.returncode, got

    fresh(w, size=len(DATA))
    binary.set()
    code, got = on_terminal()
    check(f"a PDF on a terminal: {code} {got[:80]}", code == 1 and b"\x00" not in got and len(got) < 1000)
    document(w, url="Binary/words", contentType="text/html")
    binary.set(data=b"<html><body><p>All <b>well</b>\x1b[2J</p></body></html>", media="text/html")
    code, got = on_terminal()
    check(f"HTML on a terminal: {code} {got}", code == 0 and b"All well" in got and b"\x1b" not in got and b"<b>" not in got)


def guest(w):
    """Another process owns the profile: it fetches, and the one who asked writes the file in its own folder."""
    fresh(w, size=len(DATA))
    binary.set()
    owner = w.start("sync", "--watch")
    until = time.time() + 20
    while time.time() < until and "locked" in w.cli("status", check=False).stderr:
        time.sleep(0.1)
    time.sleep(1)
    here = os.path.join(w.tmp, "here")
    os.mkdir(here)
    p = fetch(w, "--out", "scan.pdf", cwd=here)
    check(f"as a guest: {p.returncode} {p.stderr}", p.returncode == 0 and open(os.path.join(here, "scan.pdf"), "rb").read() == DATA)
    p = fetch(w)
    check(f"as a guest, to a pipe: {p.returncode} {len(p.stdout)} {p.stderr}", p.stdout == DATA)
    check("the owner lives", owner.poll() is None)
    owner.terminate()
    owner.communicate()


def main():
    with tempfile.TemporaryDirectory() as tmp:
        with ward.Ward(tmp, init=False, quick=True) as w:
            w.put(ward.person("p1", "Adams", "Ann"))
            between(w)
            w.cli("init", "--server", w.url)
            for test in (cut_often, goes_on, killed, no_ranges, changed, lies, unnamed, refused, other_forms, to_a_file, damaged, terminal, guest):
                test(w)
                print(f"attach: {test.__name__}", flush=True)
    conclude("attach")


if __name__ == "__main__":
    main()
