# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that passes everything on to another one, and what a test makes of it on the way.

    class Mine(Front): ...                # answers(body), alters(status, headers, data), writes(data): what is not theirs goes on
    with serving(Mine, base) as url: ...  # Mine.asks: (moment, method, path) of each request

The settings of a class are its own attributes, for the handler is made anew for each connection.
"""
import contextlib, http.server, threading, time, urllib.error, urllib.request

ON = ("content-type", "accept", "content-encoding", "prefer", "host", "if-match")
BACK = ("Content-Type", "ETag", "Last-Modified", "Location", "Content-Location", "Retry-After", "Date")


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    to, asks = None, []

    def log_message(self, *_):
        pass

    def answers(self, body):
        """True when it has answered by itself, and nothing is passed on."""
        return False

    def alters(self, status, headers, data):
        """The body that is passed back; headers, a dict, may be changed."""
        return data

    def writes(self, data):
        """The body goes out: whole, here."""
        self.wfile.write(data)

    def say(self, status, headers, body):
        self.send_response(status)
        for k, v in {"Content-Type": "application/fhir+json", **headers, "Content-Length": str(len(body))}.items():
            self.send_header(k, v)
        self.end_headers()
        self.writes(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).asks.append((time.monotonic(), self.command, self.path))
        if self.answers(body):
            return
        q = urllib.request.Request(self.to + self.path[len("/fhir"):], body or None, method=self.command,
                                   headers={k: v for k, v in self.headers.items() if k.lower() in ON})
        try:
            a = urllib.request.urlopen(q)
        except urllib.error.HTTPError as e:
            a = e
        except OSError:
            self.close_connection = True
            return
        data = a.read()
        headers = {k: a.headers[k] for k in BACK if a.headers.get(k)}
        data = self.alters(a.status, headers, data)
        self.say(a.status, headers, data)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that leaves


@contextlib.contextmanager
def serving(kind, to):
    kind.to = to
    server = Server(("127.0.0.1", 0), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir"
    finally:
        server.shutdown()
