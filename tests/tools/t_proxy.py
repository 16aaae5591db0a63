#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recording proxy does what it says, with the room net as its client; and net's meter agrees with it."""
import gzip, hashlib, http.server, json, os, shutil, socket, subprocess, sys, tempfile, threading
from collections import deque

top, build = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", ".")
sys.path.insert(0, os.path.join(top, "tests/tools"))
sys.path.insert(0, os.path.join(top, "tests/net"))
from proxy import Http, Line, Proxy, body

ASK = os.path.join(build, "tests/net/ask")
BIG = hashlib.shake_128(b"ward").digest(100_000)
bad = 0


def check(what, got, want):
    global bad
    if got != want:
        bad += 1
        print(f"FAIL {what}: {got!r}, want {want!r}")
    else:
        print(f"ok   {what}")


class Handler(http.server.BaseHTTPRequestHandler):
    """/fhir/plain, /fhir/chunked, /fhir/close: BIG in each framing; /fhir/zip: gzip; /fhir/none: 204."""
    protocol_version = "HTTP/1.1"
    seen = []

    def do_GET(self):
        name = self.path.removeprefix("/fhir/").partition("?")[0].rstrip("0123456789")
        Handler.seen.append(self.headers["Accept-Encoding"])
        self.send_response(204 if name == "none" else 200)
        data = gzip.compress(BIG * 3, mtime=0) if name == "zip" else BIG
        if name == "zip":
            self.send_header("Content-Encoding", "gzip")
        if name == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            data = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (BIG[:1], BIG[1:5000], BIG[5000:])) + b"0\r\nX-Trailer: 1\r\n\r\n"
        elif name == "close":
            self.send_header("Connection", "close")
            self.close_connection = True
        elif name != "none":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if name != "none":
            self.wfile.write(data)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


def start_server(wrap=None):
    server = Server(("127.0.0.1", 0), Handler)
    if wrap:
        server.socket = wrap.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"127.0.0.1:{server.server_address[1]}"


def ask(port, *args, scheme="http"):
    options = []
    while args and args[0].startswith("--"):
        options, args = options + list(args[:2]), args[2:]
    out = subprocess.run([ASK, *options, f"{scheme}://127.0.0.1:{port}/fhir", *args], capture_output=True, text=True, timeout=120).stdout
    *answers, meter = out.strip().split("\n")
    pairs = lambda line: {k: int(v) if v.isdigit() else v for k, _, v in (w.partition("=") for w in line.split() if "=" in w)}
    return [(a.split()[1], pairs(a)) for a in answers], pairs(meter)


def framings():
    """However the bytes are torn, the same messages come out, and every byte once and in order."""
    requests = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcHEAD /c HTTP/1.1\r\n\r\n"
    responses = (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                 b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n"
                 b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
                 b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"
                 b"HTTP/1.1 200 OK\r\n\r\nto the end")
    for stream, is_response, heads, ends in ((requests, False, 3, 3), (responses, True, 6, 4)):
        wrong = 0
        for step in range(1, len(stream) + 1):
            h = Http(is_response, deque([b"GET", b"GET", b"HEAD", b"GET", b"GET"]))
            events = [e for i in range(0, len(stream), step) for e in h.feed(stream[i:i + step])]
            kinds = [k for k, _ in events]
            wrong += b"".join(p for _, p in events) != stream or (kinds.count("head"), kinds.count("end"), kinds.count("raw")) != (heads, ends, 0)
        check(f"{'answers' if is_response else 'requests'} torn at every step", wrong, 0)
    h = Http(False, deque())
    check("TLS is no HTTP", h.feed(b"\x16\x03\x01\x02\x00\x01"), [("raw", b"\x16\x03\x01\x02\x00\x01")])


def line():
    l = Line()
    check("an idle line has latency only", l.arrives(10.0, 4096, 0.3), 10.15)
    l.rate = 8000
    check("a thousand bytes at 8 kbit/s", l.arrives(10.0, 1000, 0.3), 11.15)
    check("the next one waits for it", l.arrives(10.0, 500, 0.3), 11.65)
    check("somebody's own wait leaves the line free", (l.arrives(10.0, 500, 0.0, 5.0), l.arrives(10.0, 1000, 0.0)), (17.0, 13.0))


def counts(server, folder):
    with Proxy(server, "--record", folder, "--gzip", "--log", os.path.join(folder, "log"), "--rtt", "4", "--rate", "0", "40e6") as p:
        answers, meter = ask(p.port, "plain1,chunked,close,zip", "none", "plain2", "zip2")
        stats = p("stats")
        check("all whole through latency and a narrow line", [c for c, _ in answers], ["OK"] * 7)
        check("net's meter and the proxy count the same bytes", (meter["up"], meter["down"]), (stats["up"], stats["down"]))
        check("and requests and rounds: TCP, then four in a row", (meter["requests"], meter["rounds"], stats["requests"], stats["rounds"]), (7, 5, 7, 5))
        check("only gzip was asked for", {v.strip() for v in Handler.seen}, {"gzip"})
        lines = [json.loads(l) for l in open(os.path.join(folder, "log"))]
        named = {l["n"]: l["line"].split()[1] for l in lines if l["event"] == "request"}
        for n, path in named.items():
            status, head, got, whole = body(os.path.join(folder, f"{n:05d}.res"))
            want = b"" if "none" in path else BIG * 3 if "zip" in path else BIG
            check(f"recorded {path}", (status, got == want, whole), (204 if "none" in path else 200, True, True))
            check(f"recorded request {path}", open(os.path.join(folder, f"{n:05d}.req"), "rb").read().split(b" ")[1].decode(), path)
        p("reset")
        ask(p.port, "plain")
        check("from zero", (p("stats")["requests"], p("stats")["rounds"]), (1, 2))
        p("reset")
        _, meter = ask(p.port, "--post", "x" * 5000, "plain")
        check("a body up", meter["up"], p("stats")["up"])


def cuts(server):
    with Proxy(server) as p:
        for k in (0, 1, 97, 4095, 4096, 4097, 65536, 99_999):
            p("reset")
            p(f"cut 2 {k}")
            answers, _ = ask(p.port, "plain", "plain", "plain")
            check(f"the second body after {k} bytes", [(c, a["decoded"]) for c, a in answers],
                  [("OK", 100_000), ("ERR_CUT", k), ("OK", 100_000)])
            check("  once", p("stats")["cuts"], 1)
        p("reset")
        p("cut 1 100000")
        check("all of it is no cut", ask(p.port, "plain")[0][0][0], "OK")
        p("uncut")
        p("cut * 300 response reset")
        check("each answer, with RST", {c for c, _ in ask(p.port, "plain", "chunked")[0]}, {"ERR_CUT"})
        check("  counted", p("stats")["cuts"], 2)
        p("uncut")
        p("reset")
        p("cut 1 10 response")
        check("within the head", ask(p.port, "plain")[0][0][0], "ERR_OFFLINE")
        p("reset")
        p("cut 1 50 body")
        check("chunked", ask(p.port, "chunked")[0][0][0], "ERR_CUT")
        p("reset")
        p("cut 1 50 body")
        answers, _ = ask(p.port, "close")
        check("a body that only the end delimits looks whole", (answers[0][0], answers[0][1]["decoded"]), ("OK", 50))
        p("reset")
        p("cut 1 120000 stream")
        check("the connection's stream", [c for c, _ in ask(p.port, "plain", "plain")[0]], ["OK", "ERR_CUT"])


def link(server):
    with Proxy(server) as p:
        check("link", ask(p.port, "plain")[0][0][0], "OK")
        p("down")
        check("no link", ask(p.port, "plain")[0][0][0], "ERR_OFFLINE")
        p("up")
        check("link again", ask(p.port, "plain")[0][0][0], "OK")
        s = socket.create_connection(("127.0.0.1", p.port))
        p("hang")
        s.sendall(b"GET /fhir/none HTTP/1.1\r\nHost: x\r\n\r\n")
        s.setblocking(False)
        for _ in range(20):
            p("stats")
        try:
            silent = s.recv(100)
        except BlockingIOError:
            silent = None
        check("hanging", silent, None)
        p("flow")
        s.setblocking(True)
        check("flowing", s.recv(12), b"HTTP/1.1 204")
        p("down")
        try:
            left = s.recv(4096)
            while left:
                left = s.recv(4096)
            reset = False
        except ConnectionResetError:
            reset = True
        check("a link that goes down resets what is open", reset, True)
        try:
            p("fly")
            told = False
        except ValueError:
            told = True
        check("an unknown command is told", told, True)
    with Proxy("127.0.0.1:1") as p:
        check("no server behind it", (ask(p.port, "plain")[0][0][0], p("stats")["refused"]), ("ERR_OFFLINE", 1))


def answer_to(p, what):
    """A request of its own connection: (the connection, the answer's first bytes; None when it waits)."""
    s = socket.create_connection(("127.0.0.1", p.port))
    s.sendall(f"GET /fhir/{what} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip, zstd\r\n\r\n".encode())
    s.settimeout(0.5)
    try:
        return s, s.recv(12)
    except TimeoutError:
        return s, None


def in_turn(server, folder):
    log = os.path.join(folder, "turns")
    with Proxy("127.0.0.1:1", "--log", log) as p:
        p("to " + server)
        p("accept identity")
        p("serial on")
        Handler.seen.clear()
        ask(p.port, "plain1,chunked,plain2,zip")
        check("one request at a time", [e for e in (json.loads(l)["event"] for l in open(log)) if e in ("request", "response")], ["request", "response"] * 4)
        check("only identity was asked for", {v.strip() for v in Handler.seen}, {"identity"})
        p(r"cut /fhir/chunked/ 50 body last=3,none")
        check("the cut is where its line is", [(c, a["decoded"] > 50) for c, a in ask(p.port, "plain", "chunked")[0]], [("OK", True), ("ERR_CUT", False)])
        asked = len(Handler.seen)
        held = [answer_to(p, "plain"), answer_to(p, "zip")]
        check("then requests wait", [a for _, a in held], [None, None])
        check("the one that RE names is refused", answer_to(p, "none")[1], b"HTTP/1.1 401")
        check("and the third", answer_to(p, "plain")[1], b"HTTP/1.1 401")
        check("none has reached the server", len(Handler.seen), asked)
        p("uncut")
        check("uncut ends those that wait", [s.recv(1) for s, _ in held], [b"", b""])
        check("and others pass", answer_to(p, "plain")[1], b"HTTP/1.1 200")


def tls(folder):
    if not shutil.which("openssl"):
        print("skipped: no openssl command, TLS not tried")
        return
    import ssl
    key, cert = os.path.join(folder, "k"), os.path.join(folder, "c")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-days", "30", "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with Proxy(start_server(context), "--rtt", "40") as p:
        answers, meter = ask(p.port, "--ca", cert, "plain", scheme="https")
        stats = p("stats")
        check("TLS passes", answers[0][0], "OK")
        late = stats["up"] - meter["up"]  # the close_notify, 24 bytes, is said when the meter has been read
        check("its handshake is in net's meter", (late in (0, 24), meter["down"]), (True, stats["down"]))
        check("three rounds: TCP, TLS 1.3, one answer", (meter["rounds"], stats["rounds"]), (3, 3))
        p("reset")
        p("cut 1 50000 stream")
        check("TLS cut", ask(p.port, "--ca", cert, "plain", scheme="https")[0][0][0], "ERR_CUT")


def main():
    server = start_server()
    framings()
    line()
    with tempfile.TemporaryDirectory() as folder:
        counts(server, folder)
        tls(folder)
        in_turn(server, folder)
    cuts(server)
    link(server)
    return 1 if bad else 0


sys.exit(main())
