# SPDX-License-Identifier: GPL-3.0-or-later
"""A line between a client and a FHIR server that knows which requests write, and does something to the first of them.

    line = Line(base)                     # base: the server; line.url: what the client is told
    line.fault = "lost"                   # for the next request that writes: one of the f_ methods below
    line.hold = True                      # each write is told to come back in five minutes; all else passes
"""
import gzip, json, socket, threading, time, urllib.error, urllib.parse, urllib.request

from scripted import Scripted, fhir

LATE = 0.7  # seconds


def ask(url, method="GET", body=None):
    """(status, JSON or None), straight to the server."""
    q = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/fhir+json", "Cache-Control": "no-cache"},
                               method=method)
    try:
        with urllib.request.urlopen(q, timeout=60) as a:
            text = a.read()
            return a.status, json.loads(text) if text else None
    except urllib.error.HTTPError as e:
        return e.code, None


class Line:
    """Passes requests on; does `fault` to the first that writes."""

    def __init__(self, base):
        self.to = urllib.parse.urlsplit(base)
        self.alter = None  # of a whole answer: (method, path, body, status, JSON) -> JSON, bytes, or None to leave it
        self.fault, self.rival, self.writes, self.hit, self.hold = None, None, 0, threading.Event(), False
        self.wrote = threading.Event()  # a request that writes has come, and nothing was done about it yet
        self.server = Scripted(self.answer)
        self.url = self.server.url.rsplit("/", 1)[0] + self.to.path

    def forward(self, method, path, headers, body):
        keep = {k: v for k, v in headers.items() if k not in ("content-length", "connection", "content-encoding", "accept-encoding", "expect")}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in keep.items())
        with socket.create_connection((self.to.hostname, self.to.port), timeout=60) as s:
            s.sendall((head + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body)
            out = b""
            while more := s.recv(65536):
                out += more
        return out

    def answer(self, method, path, headers, body):
        if method in ("PUT", "DELETE") or (method == "POST" and (b'"PUT"' in body or b'"ifNoneExist"' in body or "if-none-exist" in headers)):
            self.writes += 1
            self.wrote.set()
            if self.hold:
                return self.later(300)
            fault, self.fault = self.fault, None
            if fault:
                return getattr(self, "f_" + fault)(lambda: self.forward(method, path, headers, body))
        out = self.forward(method, path, headers, body)
        return self.altered(method, path, body, out) if self.alter else out

    def altered(self, method, path, body, out):
        head, _, rest = out.partition(b"\r\n\r\n")
        whole = b""
        if b"chunked" in head.lower():
            while rest and (size := int(rest.split(b"\r\n", 1)[0], 16)):
                rest = rest.split(b"\r\n", 1)[1]
                whole, rest = whole + rest[:size], rest[size + 2:]
        else:
            whole = rest
        try:
            new = self.alter(method, path, body, int(head.split(b" ")[1]), json.loads(whole))
        except ValueError:
            return out
        return out if new is None else new if isinstance(new, bytes) else fhir(new, headers=[l.decode() for l in head.split(b"\r\n")[1:] if l.lower().startswith(b"etag")])

    def page(self, status, text=b"<html>Sign in to the network</html>"):
        return f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode() + text

    def f_never(self, go):
        return b""

    def f_lost(self, go):
        go()
        return b""

    def f_cut(self, go):
        out = go()
        head = out.index(b"\r\n\r\n") + 4
        return out[:head + (len(out) - head) // 2] if len(out) - head > 8 else out[:head // 2]

    def f_portal(self, go):
        go()
        return self.page("200 OK")

    def f_empty(self, go):
        go()
        return self.page("200 OK", b"")

    def f_proxy(self, go):
        go()
        return self.page("502 Bad Gateway")

    def f_error(self, go):
        go()
        body = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]}'
        return f"HTTP/1.1 500 Oops\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    def f_twice(self, go):
        go()
        return go()

    def f_late(self, go):
        threading.Timer(LATE, go).start()
        return self.page("504 Gateway Timeout")

    def f_gzip(self, go):
        go()
        packed = gzip.compress(b'{"resourceType":"Bundle","type":"batch-response","entry":[]}')
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed[:len(packed) // 2]

    def f_refused(self, go):
        """The server has seen it and wants none of it."""
        return fhir({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "business-rule"}]}, status="422 Unprocessable Entity")

    def later(self, seconds):
        return f"HTTP/1.1 429 Too Many Requests\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()

    def f_slower(self, go):
        return self.later(1)

    def f_rival_behind(self, go):
        go()
        self.rival()
        return b""

    def f_rival_before(self, go):
        self.rival()
        return go()

    def f_killed(self, go):
        """The client is killed when the server has it."""
        go()
        self.hit.set()
        time.sleep(3)
        return b""
