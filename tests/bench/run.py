#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench: the figures of wardline's design, each beside its peer or its limit, measured in this run.

A row that could not be measured makes it exit 1 and is named. Figures are printed, not asserted: times belong to
the machine. bench/run.py [ROW...] runs some rows only.
"""
import glob, json, os, re, resource, shutil, socket, ssl, statistics, subprocess, sys, tempfile, threading, time

TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path.insert(0, os.path.join(TOP, "tests/tools"))
import ward
from badline import ask
from proxy import Proxy

ROWS = []


def row(f):
    ROWS.append(f)
    return f


def say(name, figure, limit):
    print(f"{name:34} {figure:42} {limit}", flush=True)


class Link:
    """tests/tools/proxy.py in front of a port: a bad line, and a count of what crossed it."""

    def __init__(self, port, rtt_ms=0, kbit=0, listen=0):
        self.proxy = Proxy(f"127.0.0.1:{port}", "--listen", str(listen), "--rtt", str(rtt_ms), "--rate", str(kbit * 1000), str(kbit * 1000))
        self.proxy.__enter__()
        self.port = self.proxy.port

    def close(self):
        """Ends it; what it counted: {"up":, "down":, "rounds":, ...}."""
        stats = self.proxy("stats")
        self.proxy.__exit__(None, None, None)
        return stats


def port_of(url):
    return int(url.split(":")[2].split("/")[0])


def bench_sync(home, runs):
    p = subprocess.run([os.path.join(BUILD, "tests/bench/bench_sync"), home, str(runs)], input=ward.PASS + "\n", capture_output=True, text=True,
                       env=ward.environment(), timeout=1200)
    if p.returncode:
        raise RuntimeError("bench_sync: " + p.stderr)
    return [list(map(int, line.split())) for line in p.stdout.splitlines()]


def fetch_time(nbytes, **line):
    """curl --compressed of nbytes in one stream over the same line, and its time in ms."""
    blob = os.urandom(nbytes)
    srv = socket.create_server(("127.0.0.1", 0))

    def serve():
        c, _ = srv.accept()
        c.recv(65536)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % nbytes + blob)
        c.close()
    threading.Thread(target=serve, daemon=True).start()
    link = Link(srv.getsockname()[1], **line)
    t = time.monotonic()
    subprocess.run(["curl", "--compressed", "-sS", "-o", os.devnull, f"http://127.0.0.1:{link.port}/"], check=True)
    ms = (time.monotonic() - t) * 1000
    link.close()
    return ms


def fills(tmp, times, kbit, rtt_ms, limit, **made):
    """First syncs over a line, each beside curl of the same bytes in one stream."""
    runs = []
    with ward.Ward(tmp, init=False, **made) as w:
        server = port_of(w.url)
        for i in range(times):
            link = Link(server, rtt_ms=rtt_ms, kbit=kbit)
            w.url, w.home = f"http://127.0.0.1:{link.port}/fhir", os.path.join(tmp, f"home{i}")
            w.cli("init", "--server", w.url)
            (ms, requests, up, down, rtts, rows), = bench_sync(w.home, 1)
            outside = link.close()
            curl = fetch_time(down, rtt_ms=rtt_ms, kbit=kbit)
            runs.append((ms / curl, ms, curl))
        runs.sort()
        ratio, ms, curl = runs[len(runs) // 2]
        say(f"first sync / curl, {kbit} kbit/s {rtt_ms} ms", f"{ratio:.2f} ({runs[0][0]:.2f} to {runs[-1][0]:.2f}; {ms} / {curl:.0f} ms, {down} B, {rows} rows)", limit)
        say("  the meter beside the wire", f"down {down} / {outside['down']}, up {up} / {outside['up']}", "within 1 %")


@row
def first_sync(tmp):
    fills(tmp, 5, 1000, 300, "<= 1.10", generate=200, charts=60)


@row
def first_sync_thin(tmp):
    fills(tmp, 3, 50, 600, "<= 1.10", generate=60, charts=20)


@row
def no_change_sees(tmp):
    """What a sync without changes costs, and that the next one over the same line finds one changed row a type and one deletion."""
    with ward.Ward(tmp, generate=200, charts=60, init=False) as w:
        direct, link = w.url, Link(port_of(w.url))
        w.url = f"http://127.0.0.1:{link.port}/fhir"
        w.cli("init", "--server", w.url)
        w.cli("sync")
        w.cli("export", os.path.join(tmp, "out"))
        one = {}
        for path in glob.glob(os.path.join(tmp, "out", "*.ndjson")):
            with open(path, encoding="utf-8") as f:
                r, *more = [json.loads(line) for line in f]
            one[r["resourceType"]] = r
            if r["resourceType"] == "Observation":
                gone = f"Observation/{more[-1]['id']}"
        link.proxy("reset")
        quiet = json.loads(w.cli("sync", "--json").stdout)
        cost = link.proxy("stats")
        for r in one.values():
            ask(f"{direct}/{r['resourceType']}/{r['id']}", "PUT", {**r, "language": "en"})
        ask(f"{direct}/{gone}", "DELETE")
        seen = json.loads(w.cli("sync", "--json").stdout)
        link.close()
        say("no-change sync, a process of its own", f"{cost['rounds']} round trips, {cost['up'] + cost['down']} B; {quiet['pulled']} changed", "")
        say("  one row of each type, one deleted", f"{seen['pulled']} of {len(one)} changed, {seen['deleted']} of 1 deleted", "all")


@row
def push(tmp):
    """100 edits over 1 Mbit/s and 300 ms, beside curl sending the same ones after each other over one connection."""
    with ward.Ward(tmp, generate=20, charts=5, init=False) as w:
        link = Link(port_of(w.url), rtt_ms=300, kbit=1000)
        w.url = f"http://127.0.0.1:{link.port}/fhir"
        w.quick()
        w.cli("sync")
        pids = [p["id"] for p in w.json("list")]
        bodies = [{"resourceType": "Observation", "status": "final", "code": {"text": "Body weight"}, "subject": {"reference": f"Patient/{pids[n % len(pids)]}"},
                   "effectiveDateTime": "2026-11-20T08:00:00Z", "valueQuantity": {"value": 50 + n / 2, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}
                  for n in range(100)]
        for b in bodies:
            w.cli("put", input=json.dumps(b))
        link.proxy("reset")
        begun = time.monotonic()
        w.cli("sync")
        ours, ms = link.proxy("stats"), (time.monotonic() - begun) * 1000
        left = len(w.json("queue"))
        link.proxy("reset")
        with open(os.path.join(tmp, "urls"), "w") as f:
            for n, b in enumerate(bodies):
                path = os.path.join(tmp, f"body{n}")
                with open(path, "w") as body:
                    json.dump({**b, "id": f"curl-{n}"}, body)
                f.write("next\n" * (n > 0) + f'url = "{w.url}/Observation/curl-{n}"\nrequest = PUT\nheader = "Content-Type: application/fhir+json"\n'
                        f'data-binary = "@{path}"\noutput = "{os.devnull}"\nsilent\n')
        begun = time.monotonic()
        subprocess.run(["curl", "-K", os.path.join(tmp, "urls")], check=True)
        theirs, curl = link.close(), (time.monotonic() - begun) * 1000
        say("push of 100 edits", f"{ours['rounds']} round trips, {ours['up']} B up, {ours['down']} B down, {ms:.0f} ms, {left} left", "0 left")
        say("  curl, one after the other", f"{theirs['rounds']} round trips, {theirs['up']} B up, {theirs['down']} B down, {curl:.0f} ms", "")


@row
def no_change_warm(tmp):
    # The made-up ward was written a day ago, so its last change is older than the overlap.
    with ward.Ward(tmp, generate=200, charts=60, init=False) as w:
        link = Link(port_of(w.url))
        w.url = f"http://127.0.0.1:{link.port}/fhir"
        w.cli("init", "--server", w.url)
        w.cli("sync")
        first, warm = bench_sync(w.home, 2)
        link.close()
        say("no-change sync, warm", f"{warm[4]} round trips, {warm[2] + warm[3]} B, {warm[1]} requests", "1, <= 3,072 B")
        say("no-change sync, cold, in clear", f"{first[4]} round trips, {first[2] + first[3]} B", "")


@row
def no_change_cold_tls(tmp):
    if not shutil.which("nghttpx") or not shutil.which("openssl"):
        raise RuntimeError("nghttpx or openssl is not installed")
    key, crt = os.path.join(tmp, "key.pem"), os.path.join(tmp, "crt.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", crt, "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    with ward.Ward(tmp, generate=200, charts=60, init=False) as w:
        s = socket.create_server(("127.0.0.1", 0))
        tls_port = s.getsockname()[1]
        s.close()
        front = subprocess.Popen(["nghttpx", f"-f127.0.0.1,{tls_port}", f"-b127.0.0.1,{port_of(w.url)}", key, crt, "--workers=1", "--errorlog-file=/dev/null",
                                  "--accesslog-file=/dev/null", "--host-rewrite"], stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", tls_port)).close()
                    break
                except OSError:
                    time.sleep(0.05)
            link = Link(tls_port)
            w.url = f"https://127.0.0.1:{link.port}/fhir"
            w.cli("init", "--server", w.url, "--ca", crt)
            w.cli("sync")
            link.close()
                # The same port again, so that the profile finds it: a fresh count of one cold sync.
            link = Link(tls_port, rtt_ms=20, listen=link.port)
            (ms, requests, up, down, rtts, rows), = bench_sync(w.home, 1)
            outside = link.close()
            say("no-change sync, cold, TLS 1.3", f"{rtts} round trips (outside {outside['rounds']}), {outside['up'] + outside['down']} B on the wire", "3, <= 8,192 B")
        finally:
            front.terminate()


@row
def screens(tmp):
    """Start to lock screen, resident memory, bytes of a list move: read off a pty."""
    p = subprocess.run([sys.executable, os.path.join(TOP, "tests/bench/screens.py")], env={**os.environ, "top_srcdir": TOP, "top_builddir": BUILD}, text=True,
                       capture_output=True)
    sys.stdout.write(p.stdout)
    if p.returncode:
        raise RuntimeError(p.stderr.strip().splitlines()[-1] if p.stderr else "screens.py failed")


def peer_rows(*options):
    p = subprocess.run([sys.executable, os.path.join(TOP, "tests/bench/peers.py"), *options], env={**os.environ, "top_srcdir": TOP, "top_builddir": BUILD},
                       text=True, capture_output=True, timeout=3600)
    sys.stdout.write(p.stdout)
    if p.returncode:
        raise RuntimeError(p.stderr.strip().splitlines()[-1] if p.stderr else "peers.py failed")


@row
def peers(tmp):
    """wardline next to tig, mutt, htop and mc: bytes, key to last byte, memory."""
    peer_rows()


@row
def load(tmp):
    """The same keys over 100,000 patients, idle and while a sync runs; unlock; a filter's keystroke."""
    peer_rows("--load", "100000")


@row
def resident(tmp):
    """VmRSS of the worklist, of charts of 5,000 resources, and the most that the worst answers of a server take; the tests' own figures."""
    for test in ("ui", "sync"):
        p = subprocess.run([sys.executable, os.path.join(TOP, f"tests/{test}/resident.py")], env={**os.environ, "top_srcdir": TOP, "top_builddir": BUILD},
                           text=True, capture_output=True, timeout=1800)
        sys.stdout.write(p.stdout)
        if p.returncode:
            raise RuntimeError(f"tests/{test}/resident.py: exit {p.returncode} {p.stderr.strip()[-200:]}")


@row
def patients(tmp):
    """A filter keystroke over 100,000 patients, opening, memory; wall clock."""
    p = subprocess.run([os.path.join(BUILD, "tests/bench/bench_patients")], capture_output=True, text=True, timeout=1200)
    sys.stdout.write(p.stdout)
    if p.returncode:
        raise RuntimeError(p.stderr.strip())


@row
def store(tmp):
    """The sealed store beside plain SQLite and SQLCipher 4 on Synthea's resources; the table of store.py."""
    p = subprocess.run([sys.executable, os.path.join(TOP, "tests/bench/store.py")], capture_output=True, text=True, timeout=3600,
                       env={**os.environ, "top_srcdir": TOP, "top_builddir": BUILD, "TMPDIR": tmp})
    sys.stdout.write(p.stdout)
    if p.returncode:
        raise RuntimeError((p.stderr or p.stdout).strip().splitlines()[-1])


@row
def copies(tmp):
    """A store of 100 MB sealed anew, verified, backed up, restored; each reads back every byte."""
    p = subprocess.run([os.path.join(BUILD, "tests/bench/bench_copy")], capture_output=True, text=True, timeout=1200, env={**os.environ, "TMPDIR": tmp})
    if p.returncode:
        raise RuntimeError(p.stderr.strip())
    for line in p.stdout.splitlines():
        name, *fields = line.split()
        v = dict(f.split("=") for f in fields)
        say(f"store {name}, {v['megabytes']} MB", f"{v['seconds']} s ({v['cpu']} s CPU, {v['per_second']} MB/s)", "")


def main():
    failed = []
    for f in ROWS:
        if len(sys.argv) > 1 and f.__name__ not in sys.argv[1:]:
            continue
        with tempfile.TemporaryDirectory() as tmp:
            try:
                f(tmp)
            except (Exception, SystemExit) as e:
                failed.append(f.__name__)
                say(f.__name__, "NOT MEASURED", str(e))
    if failed:
        print("not measured:", ", ".join(failed))
    return 1 if failed else 0


sys.exit(main())
