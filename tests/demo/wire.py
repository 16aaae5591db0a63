#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""wardline-demo as a program, over its socket: options, gzip both ways, pages, a batch, the dangerous charts, bytes
kept through kill -9, and what a careless client sends."""
import glob, gzip, http.client, json, os, re, signal, socket, subprocess, sys, tempfile

top = os.path.abspath(os.environ.get("top_srcdir", "."))
program = os.path.join(os.path.abspath(os.environ.get("top_builddir", ".")), "wardline-demo")
JSON = {"Content-Type": "application/fhir+json"}
failed = 0


def check(ok, what):
    global failed
    if not ok:
        failed += 1
        print("FAILED:", what)


class Demo:
    """The program at work; ask() goes through one kept connection."""

    def __init__(self, *options):
        self.p = subprocess.Popen([program, "--port", "0", *options], stdout=subprocess.PIPE, text=True)
        self.line = self.p.stdout.readline().rstrip("\n")
        self.base = re.search(r"http://\S+/fhir", self.line).group(0)
        self.port = int(re.search(r":(\d+)/fhir", self.line).group(1))
        self.c = http.client.HTTPConnection("127.0.0.1", self.port)

    def ask(self, method, url, body=None, headers=None, raw=False):
        url = url[url.index("/fhir"):] if url.startswith("http") else "/fhir" + ("/" + url if url and url[0] != "?" else url)
        if isinstance(body, (dict, str)):
            body = (json.dumps(body) if isinstance(body, dict) else body).encode()
        self.c.request(method, url, body, {**(JSON if body else {}), **(headers or {})})
        r = self.c.getresponse()
        data = r.read()
        if raw or not data:
            return r.status, r.headers, data
        return r.status, r.headers, json.loads(gzip.decompress(data) if r.headers.get("Content-Encoding") == "gzip" else data)

    def stop(self, how=signal.SIGTERM):
        self.c.close()
        self.p.send_signal(how)
        return self.p.wait(20)


def options():
    def run(*a):
        return subprocess.run([program, *a], capture_output=True, text=True, timeout=20)

    for a in (["--port", "x"], ["--port", "65536"], ["--port", "-1"], ["--port"], ["--nonsense"], ["file"], ["--data"],
              ["--generate", "-1"], ["--generate", "many"], ["--charts", "1.5"], ["--seed", ""], ["--today", "2026"], ["--today", "2026-02-30"]):
        r = run(*a)
        check(r.returncode == 1 and r.stderr.count("\n") == 1 and not r.stdout, f"options {a}: {r}")
    r = run("--help")
    check(r.returncode == 0 and "--port" in r.stdout and not r.stderr, "--help")
    r = run("--port", "0", "--data", "/nonexistent/x.db")
    check(r.returncode == 5 and r.stderr.count("\n") == 1, f"a file that cannot be: {r}")
    held = socket.create_server(("127.0.0.1", 0))
    r = run("--port", str(held.getsockname()[1]))
    check(r.returncode == 5 and r.stderr.count("\n") == 1, f"a port in use: {r}")
    held.close()


def headers(d):
    s, h, doc = d.ask("GET", "metadata")
    check(s == 200 and h["Content-Type"] == "application/fhir+json;charset=UTF-8" and "Date" in h, "metadata's headers")
    check(doc["implementation"]["url"] == d.base, "metadata's url")
    s, h, raw = d.ask("GET", "metadata", headers={"Accept-Encoding": "gzip"}, raw=True)
    check(h["Content-Encoding"] == "gzip" and len(raw) < 20000 and json.loads(gzip.decompress(raw))["rest"], "gzip answer")
    s, h, raw = d.ask("GET", "metadata", headers={"Accept-Encoding": "br, gzip;q=0"}, raw=True)
    check("Content-Encoding" not in h and json.loads(raw), "gzip refused by the client")
    s, h, doc = d.ask("GET", "Patient?_count=1", headers={"Host": "somewhere:99"})
    check(doc["link"][0]["url"] == "http://somewhere:99/fhir/Patient?_count=1", "links follow Host")
    s, h, doc = d.ask("GET", "Patient?_count=1", headers={"Host": 'a"b'})
    check(doc["link"][0]["url"] == d.base + "/Patient?_count=1", "a Host that is none")
    s, h, raw = d.ask("HEAD", "metadata/x")
    check(s == 404 and raw == b"", "HEAD")


def bodies(d):
    p = b'{"resourceType":"Patient","id":"z","multipleBirthInteger":2,"x":[0.10,5.0,1E+2]}'
    s, h, raw = d.ask("PUT", "Patient/z", gzip.compress(p), {"Content-Encoding": "gzip"}, raw=True)
    check(s == 201 and h["ETag"] == 'W/"1"', "gzip body")
    kept = re.sub(rb',"meta":\{[^}]*\}', b"", raw)
    check(kept == p, f"bytes kept: {kept}")
    s, h, raw2 = d.ask("GET", "Patient/z", raw=True)
    check(raw2 == raw and b"[0.10,5.0,1E+2]" in raw2, "0.10 byte for byte")
    s, h, raw2 = d.ask("GET", "Patient/z", headers={"If-None-Match": 'W/"1"'}, raw=True)
    check(s == 304 and raw2 == b"", "304")
    for what, body, extra, want in (
            ("gzip cut", gzip.compress(p)[:-9], {"Content-Encoding": "gzip"}, 400),
            ("no gzip", p, {"Content-Encoding": "gzip"}, 400),
            ("bomb", gzip.compress(b" " * (40 << 20)), {"Content-Encoding": "gzip"}, 413),
            ("brotli", p, {"Content-Encoding": "br"}, 415),
            ("text", p, {"Content-Type": "text/plain"}, 400),
            ("9 MB resource", b'{"resourceType":"Patient","id":"z","x":"' + b"a" * (9 << 20) + b'"}', {}, 413),
            ("33 MB", b'"' + b"a" * (33 << 20) + b'"', {}, 413)):
        s, h, doc = d.ask("PUT", "Patient/z", body, {**JSON, **extra})
        check(s == want and doc["resourceType"] == "OperationOutcome", f"{what}: {s}")
    s, h, doc = d.ask("GET", "Patient/z")
    check(s == 200 and doc["meta"]["versionId"] == "1", "refused bodies changed nothing")


def pages(d):
    entries = [{"request": {"method": "PUT", "url": f"Flag/f{i}"}, "resource": {"resourceType": "Flag", "id": f"f{i}"}} for i in range(200)]
    s, h, doc = d.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    check(s == 200 and len(doc["entry"]) == 200, "a transaction of 200")
    url, seen, stamps = "Flag?_sort=_lastUpdated&_count=9", [], set()
    while url:
        s, h, doc = d.ask("GET", url, headers={"Accept-Encoding": "gzip"})
        seen += [e["resource"]["id"] for e in doc["entry"]]
        stamps |= {e["resource"]["meta"]["lastUpdated"] for e in doc["entry"]}
        url = next((l["url"] for l in doc["link"] if l["relation"] == "next"), None)
    check(sorted(seen) == sorted(f"f{i}" for i in range(200)), "200 rows of one instant, each once")
    check(len(stamps) == 1, "one instant")
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": f"Flag?_count={i + 1}"}} for i in range(30)]}
    s, h, doc = d.ask("POST", "", batch, {"Accept-Encoding": "gzip"})
    check([len(e["resource"]["entry"]) for e in doc["entry"]] == list(range(1, 31)), "a batch of 30 searches")
    check(all(any(l["relation"] == "next" for l in e["resource"]["link"]) for e in doc["entry"]), "each with its next link")


def careless(d):
    def say(what):
        with socket.create_connection(("127.0.0.1", d.port), 20) as s:
            s.sendall(what)
            s.shutdown(socket.SHUT_WR)
            got = b""
            while piece := s.recv(65536):
                got += piece
            return got

    for what in (b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x00", b"GET /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
                 b"POST /fhir HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"):
        say(what)
    check(b" 404 " in say(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "outside /fhir")
    check(b" 404 " in say(b"GET /fhirx HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "beside /fhir")
    check(b" 400 " in say(b"GET /fhir/Patient?name=%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "a bad escape")
    check(b" 100 " in say(b"PUT /fhir/Flag/e HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
                          b"Connection: close\r\nContent-Length: 35\r\n\r\n" + b'{"resourceType":"Flag","id":"e"}   '), "100-continue")
    s, h, doc = d.ask("GET", "Flag/e")
    check(s == 200, "still there")


def danger(d):
    data = os.environ.get("WARDLINE_DATA") or os.path.join(top, "..", "shared", "data")
    maker = os.path.join(data, "danger", "make-danger.py")
    if not os.path.exists(maker):
        print("skipped: no WARDLINE_DATA: the dangerous charts")
        return
    with tempfile.TemporaryDirectory() as out:
        subprocess.run([sys.executable, maker, out], check=True, stdout=subprocess.DEVNULL)
        posted = wrong = 0
        for name in sorted(glob.glob(out + "/*.json")) + sorted(glob.glob(out + "/refused/*.json")):
            raw = open(name, encoding="utf-8").read()
            s, h, doc = d.ask("POST", "", raw)
            check(s == 200, f"{os.path.basename(name)}: {s}")
            lexemes = json.loads(raw, parse_float=str, parse_int=str)
            for e in lexemes["entry"]:
                s, h, back = d.ask("GET", e["request"]["url"], raw=True)
                back = json.loads(back, parse_float=str, parse_int=str)
                back["meta"].pop("versionId"), back["meta"].pop("lastUpdated")
                if not back["meta"]:
                    back.pop("meta")
                posted += 1
                wrong += back != e["resource"]
        check(posted > 350 and not wrong, f"dangerous charts: {posted} read back, {wrong} changed")
        print(f"dangerous charts: {posted} resources read back lexeme for lexeme, {wrong} changed")


def kept():
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "demo.db")
        d = Demo("--data", file)
        for i in range(50):
            d.ask("PUT", f"Patient/k{i}", {"resourceType": "Patient", "id": f"k{i}", "n": i})
        s, h, before = d.ask("GET", "Patient?_count=100&_sort=_lastUpdated")
        s, h, page = d.ask("GET", "Patient?_count=10")
        next_link = next(l["url"] for l in page["link"] if l["relation"] == "next")
        d.stop(signal.SIGKILL)
        d = Demo("--data", file)
        check(d.line.endswith(", 50 patients"), f"after kill -9: {d.line}")
        s, h, after = d.ask("GET", "Patient?_count=100&_sort=_lastUpdated")
        check([e["resource"] for e in before["entry"]] == [e["resource"] for e in after["entry"]], "the same after kill -9")
        check(d.ask("GET", next_link)[0] == 410, "a page link of before the restart")
        check(d.stop(signal.SIGINT) == 0, "SIGINT ends it with 0")


def made_up():
    """The same options give the same ward; a file that has one is left as it is."""
    def ward(d):
        got = {}
        s, h, batch = d.ask("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": f"{t}?_count=1000"}}
                            for t in ("Patient", "Observation", "AllergyIntolerance", "MedicationRequest", "Condition")]})
        for e in batch["entry"]:
            for r in e["resource"]["entry"]:
                r["resource"].pop("meta")
                got[r["fullUrl"].split("/fhir/")[1]] = r["resource"]
        return got

    same = ["--generate", "12", "--charts", "3", "--seed", "5", "--today", "2026-11-23"]
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "demo.db")
        a, b, c = Demo(*same), Demo(*same, "--data", file), Demo(*same[:5], "6", *same[6:])
        check(a.line.endswith(", 12 patients"), a.line)
        first = ward(a)
        check(len(first) > 50 and first == ward(b), "the same ward twice")
        check(first != ward(c), "another seed, another ward")
        s, h, doc = a.ask("GET", "Patient?_count=1")
        check(doc["entry"][0]["resource"]["meta"]["versionId"] == "1", "version 1")
        for d in (a, b, c):
            d.stop()
        d = Demo("--generate", "99", "--data", file)
        check(d.line.endswith(", 12 patients") and ward(d) == first, "a file that has a ward")
        d.stop()


def main():
    options()
    d = Demo()
    check(d.line == f"wardline-demo: {d.base}, 0 patients", d.line)
    for part in (headers, bodies, pages, careless, danger):
        part(d)
    check(d.stop() == 0, "SIGTERM ends it with 0")
    kept()
    made_up()
    print("wire.py:", "FAILED" if failed else "passed")
    return 1 if failed else 0


sys.exit(main())
