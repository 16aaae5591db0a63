# SPDX-License-Identifier: GPL-3.0-or-later
"""A loopback server that answers as it is told: for bodies and heads that no well-behaved server sends.

    with Scripted(lambda request: b"HTTP/1.1 200 OK\\r\\n...") as s: s.url, s.requests

The function gets (method, path with query, headers, body) and returns the raw bytes of the whole answer; the
connection is closed behind them. `fhir()` makes the usual answer from a body.
"""
import email.utils, gzip, json, socket, threading, time


def fhir(body, status="200 OK", headers=(), gz=False, date=None):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status}", "Content-Type: application/fhir+json",
            "Date: " + email.utils.formatdate(time.time() if date is None else date, usegmt=True)]
    if gz:
        body = gzip.compress(body)
        head.append("Content-Encoding: gzip")
    head += [*headers, f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def empty(url="", kind="searchset"):
    return {"resourceType": "Bundle", "type": kind, "total": 0, "link": [{"relation": "self", "url": url}]}


def batch(body, search):
    """A batch of searches: search(url) gives the raw answer of each."""
    out = []
    for e in json.loads(body).get("entry", []):
        head, _, resource = search(e["request"]["url"]).partition(b"\r\n\r\n")
        resource = gzip.decompress(resource) if b"Content-Encoding: gzip" in head else resource
        out.append(b'{"resource":' + resource + b',"response":{"status":"' + head.split(b"\r\n")[0].split(b" ", 1)[1] + b'"}}')
    return fhir(b'{"resourceType":"Bundle","type":"batch-response","entry":[' + b",".join(out) + b"]}")


class Scripted:
    def __init__(self, answer):
        self.answer, self.requests = answer, []
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.sock.getsockname()[1]}/fhir"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                c, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(c,), daemon=True).start()

    def _one(self, c):
        with c:
            c.settimeout(20)
            data = b""
            try:
                while b"\r\n\r\n" not in data:
                    more = c.recv(65536)
                    if not more:
                        return
                    data += more
                head, body = data.split(b"\r\n\r\n", 1)
                lines = head.decode("latin-1").split("\r\n")
                method, path, _ = lines[0].split(" ", 2)
                headers = {k.lower(): v.strip() for k, v in (x.split(":", 1) for x in lines[1:])}
                while len(body) < int(headers.get("content-length", 0)):
                    body += c.recv(65536)
                if headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                self.requests.append((method, path, headers, body))
                c.sendall(self.answer(method, path, headers, body))
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()


def search_server(pages, self_link=True):
    """A server whose search for TYPE answers pages[TYPE] (bytes, @BASE@ replaced) and nothing else; batches too."""
    def answer(method, path, headers, body):
        base = "http://" + headers["host"] + "/fhir"
        if method == "POST":
            return batch(body, lambda url: answer("GET", "/fhir/" + url, headers, b""))
        kind = path.split("/fhir/", 1)[-1].split("?")[0]
        if kind in pages:
            raw = pages[kind]
            return raw if raw.startswith(b"HTTP/") else fhir(raw.replace(b"@BASE@", base.encode()))
        return fhir(empty("http://" + headers["host"] + path if self_link else ""))
    return answer
