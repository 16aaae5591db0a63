#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording TCP proxy that plays the bad line: cuts, latency, narrow bandwidth, no link at all.

    proxy.py --to HOST:PORT [--listen PORT] [--control PORT] [--record DIR] [--log FILE]
             [--rtt MS] [--rate UP DOWN] [--delay MS] [--cut "N K [WHERE] [HOW]"]... [--gzip]

It prints one line of JSON, {"listen": PORT, "control": PORT}, when it is ready (0, the default, picks a free
port), and serves until "quit" or the end of its standard input, if --stdin is given. Bytes pass unchanged, so
the client's Host header reaches the server and its page links lead back here. HTTP/1.1 is understood in
passing; anything else (TLS, HTTP/2) is "opaque": counted, delayed and cut, but without requests.

Control: a TCP port on loopback, one command a line, one line of JSON for an answer ({"ok": true} or more):

    stats            {"connections", "requests", "up", "down" (bytes of the client's streams), "rounds", "cuts",
                     "refused": connections the server did not take}. rounds: the longest chain of dependent round trips: a request counts as asked
                     because of every answer whose first byte the client had; a new connection adds one.
                     Opaque: each burst of the client's after bytes of the server's; give it an rtt of some
                     milliseconds, else what merely crosses on the way (session tickets) looks like an answer.
    reset            all of these to zero, and the numbering of requests too
    cut N K [WHERE] [HOW] [last=M,RE]   ends the answer to the N-th request after K bytes. N: a number from 1 (since the
                     start or reset), /RE/ for the first whose request line it finds, or * for each. WHERE: body
                     (default; the bytes behind the head, as they travel), response (head included), stream (of the
                     N-th connection: TLS too). HOW: close (FIN, the default), reset (RST), hang (no byte more, the
                     connection stays). A cut happens once, * until uncut.
                     last: no request reaches the server any more. They wait for ever; one whose line RE finds,
                     and the M-th, get 401, so that the client stops. With serial nothing is under way but the cut:
                     a client of M lanes that asks M times, or RE again, has taken note of it.
    uncut            forgets cuts that have not happened and the end that a last one made
    serial on / off  one request passes at a time, in order; the next one goes when the answer to it has passed
    accept CODING    Accept-Encoding's value is overwritten, in its own length (see --gzip)
    to HOST:PORT     where new connections lead
    down / up        no link: open connections are reset, new ones refused; and back
    hang / flow      no byte passes in either direction, nothing is closed; and on again
    rtt MS           half of it each way; a new connection costs one more
    rate UP DOWN     bits a second of the line that all connections share, 0: unlimited
    delay MS         the server takes so much longer for each answer
    quit

--record DIR: DIR/00001.req, 00001.res, ...: each request and answer as they travelled (an answer that was cut:
as far as it went). --gzip: asks for gzip alone, by overwriting Accept-Encoding's value in its own length, so
that body() can decode what was recorded. --log FILE: one JSON object a line: open, request, response, close.

In a Python test:
    from proxy import Proxy, body
    with Proxy("127.0.0.1:8080", "--rtt", "300") as p:
        p("cut 3 1000 body"); run_client(p.port); print(p("stats")["rounds"])
"""
import argparse, asyncio, collections, json, os, re, socket, struct, subprocess, sys, time, traceback, zlib

REFUSAL = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
PIECE = 4096         # what one connection puts on the line before another has its turn
AHEAD = 256 * 1024   # bytes in flight in one direction of a connection


class Http:
    """Finds the messages in one direction of a connection. feed() gives (kind, bytes) whose bytes joined are
    the bytes fed: "head" (whole), "body", "end" (b"") behind each message, "raw" for what is no HTTP."""

    def __init__(self, response, methods):
        self.response, self.methods = response, methods  # methods: of requests not answered yet
        self.state, self.buf, self.left = "head", b"", 0

    def framing(self, head):
        fields = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip().lower()
        if self.response:
            status = int(head[9:12])
            if status < 200:
                return "interim"
            method = self.methods.popleft() if self.methods else b""
            if method == b"HEAD" or status in (204, 304):
                return "none"
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return "chunk-size"
        if b"content-length" in fields:
            self.left = int(fields[b"content-length"])
            return "length" if self.left else "none"
        return "close" if self.response else "none"

    def feed(self, data):
        out = []
        while data:
            if self.state in ("raw", "close"):
                out.append(("raw" if self.state == "raw" else "body", data))
                return out
            data = getattr(self, "in_" + self.state.replace("-", "_"))(data, out)
        return out

    def in_head(self, data, out):
        data, self.buf = self.buf + data, b""
        first = re.match(rb"HTTP/1\.[01] \d\d\d" if self.response else rb"[A-Z]{3,10} \S+ HTTP/1\.[01]\r\n", data)
        end = data.find(b"\r\n\r\n")
        if end < 0 and len(data) < 1 << 16 and (first or data[:1].isalpha() and b"\n" not in data):
            self.buf = data
            return b""
        if end < 0 or not first:
            self.state = "raw"
            return data
        head, rest = data[:end + 4], data[end + 4:]
        try:
            self.state = self.framing(head)
        except ValueError:
            self.state = "raw"
            return data
        out.append(("head", head))
        if self.state == "interim":
            self.state = "head"
        elif self.state == "none":
            self.end(out)
        return rest

    def end(self, out):
        out.append(("end", b""))
        self.state = "head"

    def take(self, data, out, after):
        n = min(self.left, len(data))
        self.left -= n
        out.append(("body", data[:n]))
        if not self.left:
            if after:
                self.state = after
            else:
                self.end(out)
        return data[n:]

    def in_length(self, data, out):
        return self.take(data, out, None)

    def in_chunk_data(self, data, out):
        return self.take(data, out, "chunk-size")

    def line(self, data, out):
        """A whole line, or None while it is not whole yet; what belongs to it is passed on in any case."""
        n = data.find(b"\n") + 1 or len(data)
        out.append(("body", data[:n]))
        self.buf += data[:n]
        line = None
        if self.buf.endswith(b"\n"):
            line, self.buf = self.buf.strip(), b""
        return line, data[n:]

    def in_chunk_size(self, data, out):
        line, data = self.line(data, out)
        if line is not None:
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError:
                self.state = "raw"
                return data
            self.left = size + 2  # with the CR LF behind it
            self.state = "chunk-data" if size else "trailer"
        return data

    def in_trailer(self, data, out):
        line, data = self.line(data, out)
        if line == b"":
            self.end(out)
        return data

    def rest(self):
        """What is held back when the stream ends."""
        held, self.buf = (self.buf, b"") if self.state == "head" else (b"", b"")
        return held


class Line:
    """When bytes arrive that are put on the line now. Pure, so that a test need not wait."""

    def __init__(self):
        self.rate, self.free = 0, 0.0

    def arrives(self, now, n, rtt, extra=0.0):
        leaves = max(now, self.free)
        if self.rate:
            leaves += n * 8 / self.rate
            self.free = leaves
        return leaves + rtt / 2 + extra  # extra: somebody's own wait, the line is free meanwhile


class Cut:
    def __init__(self, words):
        self.line = re.compile(words[0][1:-1]) if words[0].startswith("/") else None
        self.which = None if self.line or words[0] == "*" else int(words[0])
        self.once = self.line is not None or self.which is not None
        self.after = int(words[1])
        rest = [w for w in words[2:] if not w.startswith("last=")]
        last = [w[5:].partition(",") for w in words[2:] if w.startswith("last=")]
        self.last = (int(last[0][0]), re.compile(last[0][2])) if last else None
        self.where = next((w for w in rest if w in ("body", "response", "stream")), "body")
        self.how = next((w for w in rest if w in ("close", "reset", "hang")), "close")
        if self.after < 0 or set(rest) - {self.where, self.how}:
            raise ValueError("cut")

    def fits(self, number, line=""):
        return number is not None and self.which in (None, number) and (not self.line or self.line.search(line) is not None)


class Direction:
    """Delivers to one side what the line brings, in order and at its time."""

    def __init__(self, state, line, writer, count):
        self.state, self.line, self.writer, self.count = state, line, writer, count
        self.queue, self.room, self.flying = asyncio.Queue(), asyncio.Event(), 0
        self.room.set()

    async def put(self, data, extra=0.0, then=None):
        for i in range(0, max(len(data), 1), PIECE):
            piece = data[i:i + PIECE]
            await self.room.wait()
            self.flying += len(piece)
            if self.flying >= AHEAD:
                self.room.clear()
            at = self.line.arrives(time.monotonic(), len(piece), self.state.rtt, extra)
            last = i + PIECE >= len(data)
            self.queue.put_nowait((at, piece, then if last else None))

    async def run(self):
        while True:
            at, piece, then = await self.queue.get()
            wait = at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            await self.state.flow.wait()
            if piece:
                self.writer.write(piece)
                self.count(len(piece))
                await self.writer.drain()
            self.flying -= len(piece)
            if self.flying < AHEAD:
                self.room.set()
            if then:
                then()


class Connection:
    def __init__(self, state, reader, writer):
        self.state, self.reader, self.writer = state, reader, writer
        state.connections += 1
        self.number, self.epoch = state.connections, state.epoch
        self.up_bytes = self.down_bytes = self.passed = 0  # passed: put on the line towards the client
        self.over = asyncio.get_running_loop().create_future()
        self.fresh, self.opaque, self.burst = True, False, True
        self.waiting = collections.deque()   # numbers and depths of requests not answered yet
        methods = collections.deque()
        self.requests, self.responses = Http(False, methods), Http(True, methods)
        self.request = self.response = None  # the ones under way
        self.server = None
        self.has_turn = self.held = False

    def log(self, event, **more):
        if self.state.log:
            print(json.dumps({"event": event, "conn": self.number, **more}), file=self.state.log, flush=True)

    async def run(self):
        try:
            reader, self.server = await asyncio.open_connection(*self.state.to)
        except OSError:
            self.state.refused += 1
            self.drop("reset")
            return
        self.log("open")
        self.to_server = Direction(self.state, self.state.up_line, self.server, lambda n: None)
        self.to_client = Direction(self.state, self.state.down_line, self.writer, self.delivered)
        tasks = [asyncio.ensure_future(self.guard(t)) for t in
                 (self.to_server.run(), self.to_client.run(), self.go_up(), self.go_down(reader))]
        try:
            await self.over
        finally:
            for t in tasks:
                t.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.response_ends()
            self.close_file(self.request)
            self.turn_over()
            self.log("close", up=self.up_bytes, down=self.down_bytes)
            self.drop(None)

    async def guard(self, task):
        try:
            await task
        except OSError:
            self.end()
        except Exception:
            traceback.print_exc()
            self.end()

    def delivered(self, n):
        self.down_bytes += n
        self.state.down += n

    def end(self):
        if not self.over.done():
            self.over.set_result(None)

    def drop(self, how):
        for w in (self.writer, self.server):
            if w is None:
                continue
            sock = w.get_extra_info("socket")
            if how == "reset" and sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                w.transport.abort()
            else:
                w.close()

    # --- from the client ---

    async def go_up(self):
        extra = self.state.rtt  # the connection's own set-up
        while True:
            try:
                data = await self.reader.read(65536)
            except OSError:
                data = b""
            if not data:
                await self.to_server.put(self.requests.rest(), then=self.end)
                return
            self.up_bytes += len(data)
            self.state.up += len(data)
            for kind, part in self.requests.feed(data):
                if kind == "head":
                    if not await self.may_ask(part):
                        return
                    part = self.request_begins(part)
                elif kind == "raw":
                    self.opaque_burst()
                if self.request:
                    self.request["file"].write(part) if self.request["file"] else None
                    if kind == "end":
                        self.close_file(self.request)
                        self.request = None
                if part:
                    await self.to_server.put(part, extra)
                    extra = 0.0

    async def may_ask(self, head):
        """False: a last cut has been, and the connection has come to its end."""
        if self.state.serial:
            await self.state.turn.acquire()
            self.has_turn = True
        if self.state.ended is None:
            return True
        self.turn_over()
        self.held = True
        most, line = self.state.ended
        if sum(c.held for c in self.state.open) >= most or line.search(head.split(b"\r\n")[0].decode("latin-1")):
            await self.to_client.put(REFUSAL, then=self.end)
        return False

    def turn_over(self):
        if self.has_turn:
            self.has_turn = False
            self.state.turn.release()

    def asked(self):
        """The depth of something asked now."""
        depth = self.state.rounds + 1 + self.fresh
        self.fresh = False
        return depth

    def opaque_burst(self):
        self.opaque = True
        if self.burst:
            self.burst = False
            self.waiting.append((None, self.asked(), ""))

    def request_begins(self, head):
        s = self.state
        s.requests += 1
        self.requests.methods.append(head.split(b" ")[0])
        line = head.split(b"\r\n")[0].decode("latin-1")
        self.waiting.append((s.requests, self.asked(), line))
        self.log("request", n=s.requests, line=line)
        if s.coding:
            head = re.sub(rb"(?im)^(accept-encoding: *)([^\r\n]*)", lambda m: m[1] + s.coding.ljust(len(m[2])), head)
        self.request = {"file": self.open_file(s.requests, "req")}
        return head

    # --- from the server ---

    async def go_down(self, reader):
        while True:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            if not data:
                held = self.responses.rest()
                await self.send_down("raw", held) if held else None
                await self.to_client.put(b"", then=self.end)
                return
            for kind, part in self.responses.feed(data):
                if not await self.send_down(kind, part):
                    return

    async def send_down(self, kind, part):
        """False: the connection ends here, by a cut."""
        extra, seen = 0.0, None
        if self.response is None and self.waiting and (kind == "head" or self.opaque):
            n, depth, line = self.waiting.popleft()
            self.response = {"n": n, "line": line, "sent": 0, "body": 0, "file": self.open_file(n, "res") if n else None,
                             "status": "", "whole": False}
            extra = self.state.delay / 1000
            seen = lambda: self.first_byte(depth)
        elif self.opaque:
            seen = self.other_turn
        r = self.response
        cut = self.cut_here(kind, part)
        if cut:
            self.state.cuts += 1
            self.state.ended = self.state.ended or cut[0].last
            part = part[:cut[1]]
        if r:
            r["status"] = part[9:12].decode("latin-1") if kind == "head" else r["status"]
            r["sent"] += len(part)
            r["body"] += len(part) if kind == "body" else 0
            r["file"].write(part) if r["file"] else None
        self.passed += len(part)
        if part:
            await self.to_client.put(part, extra, seen)
        if kind == "end" and r:
            r["whole"] = True
            self.response_ends()
        if not cut:
            return True
        how = cut[0].how
        self.response_ends()
        if how != "hang":
            await self.to_client.put(b"", then=lambda: (self.drop(how), self.end()))
        return False

    def cut_here(self, kind, part):
        """(cut, bytes of this part that still pass) or None. It happens when a byte more than K wants to pass:
        an answer of K bytes is not cut."""
        r = self.response
        for cut in self.state.cut_list:
            if cut.where == "stream":
                fits, done = cut.fits(self.number), self.passed
            else:
                fits = r is not None and cut.fits(r["n"], r["line"])
                fits = fits and (cut.where == "response" or kind == "body")
                done = (r["body"] if cut.where == "body" else r["sent"]) if fits else 0
            if fits and part and done + len(part) > cut.after:
                if cut.once:
                    self.state.cut_list.remove(cut)
                return cut, max(cut.after - done, 0)
        return None

    def first_byte(self, depth):
        if self.epoch == self.state.epoch:
            self.state.rounds = max(self.state.rounds, depth)
        self.other_turn()

    def other_turn(self):
        self.burst = True
        if self.opaque:
            self.response = None

    # --- files ---

    def open_file(self, n, kind):
        return open(os.path.join(self.state.record, f"{n:05d}.{kind}"), "wb", buffering=0) if self.state.record else None

    def close_file(self, message):
        if message and message["file"]:
            message["file"].close()
            message["file"] = None

    def response_ends(self):
        r = self.response
        if r and r["n"]:
            self.log("response", n=r["n"], status=r["status"], bytes=r["sent"], body=r["body"], whole=r["whole"])
            self.turn_over()
        self.close_file(r)
        self.response = None


class State:
    def __init__(self, options):
        self.leads_to(options.to)
        self.record, self.coding = options.record, b"gzip" if options.gzip else b""
        self.serial, self.turn, self.ended = False, asyncio.Lock(), None
        self.log = open(options.log, "a", encoding="utf-8") if options.log else None
        self.rtt, self.delay = options.rtt / 1000, options.delay
        self.up_line, self.down_line = Line(), Line()
        self.up_line.rate, self.down_line.rate = options.rate
        self.cut_list = [Cut(c.split()) for c in options.cut]
        self.open, self.listener, self.port = set(), None, options.listen
        self.epoch = 0
        self.flow = asyncio.Event()
        self.flow.set()
        self.over = asyncio.Event()
        self.zero()

    def leads_to(self, where):
        host, _, port = where.rpartition(":")
        self.to = (host.strip("[]") or "127.0.0.1", int(port))

    def zero(self):
        self.connections = self.requests = self.up = self.down = self.rounds = self.cuts = self.refused = 0
        self.epoch += 1
        for c in self.open:
            c.epoch = self.epoch

    async def listen(self):
        self.listener = await asyncio.start_server(self.accept, "127.0.0.1", self.port, reuse_address=True)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        c = Connection(self, reader, writer)
        self.open.add(c)
        try:
            await c.run()
        finally:
            self.open.discard(c)

    async def cut_link(self):
        if self.listener:
            self.listener.close()
            self.listener = None
        for c in list(self.open):
            c.drop("reset")
            c.end()

    async def control(self, reader, writer):
        try:
            while line := await reader.readline():
                try:
                    answer = await self.command(line.decode().split()) or {"ok": True}
                except (ValueError, IndexError) as e:
                    answer = {"ok": False, "error": str(e)}
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        finally:
            writer.close()

    async def command(self, words):
        name, args = words[0], words[1:]
        if name == "stats":
            return {k: getattr(self, k) for k in ("connections", "requests", "up", "down", "rounds", "cuts", "refused")}
        if name == "reset":
            self.zero()
        elif name == "cut":
            self.cut_list.append(Cut(args))
        elif name == "uncut":
            self.cut_list.clear()
            self.ended = None
            for c in [c for c in self.open if c.held]:
                c.end()
        elif name == "serial":
            self.serial = args[0] == "on"
        elif name == "accept":
            self.coding = args[0].encode()
        elif name == "to":
            self.leads_to(args[0])
        elif name == "down":
            await self.cut_link()
        elif name == "up":
            if not self.listener:
                await self.listen()
        elif name == "hang":
            self.flow.clear()
        elif name == "flow":
            self.flow.set()
        elif name == "rtt":
            self.rtt = float(args[0]) / 1000
        elif name == "rate":
            self.up_line.rate, self.down_line.rate = float(args[0]), float(args[1])
        elif name == "delay":
            self.delay = float(args[0])
        elif name == "quit":
            self.over.set()
        else:
            raise ValueError("no such command: " + name)


def body(path):
    """(status, head, decoded body, whole) of a recorded answer; gzip, deflate and chunks are undone."""
    return decoded(open(path, "rb").read())


def decoded(raw):
    """The same of an answer's bytes, which may end anywhere behind its head: what came of it can be read."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    head = head.decode("latin-1").lower()
    whole = True
    if "transfer-encoding: chunked" in head:
        out, whole = b"", False
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            n = int(size.split(b";")[0], 16)
            if not n:
                whole = True
                break
            out, rest = out + rest[:n], rest[n + 2:]
        rest = out
    elif m := re.search(r"content-length: *(\d+)", head):
        whole = len(rest) == int(m[1])
    if "content-encoding: gzip" in head:
        d = zlib.decompressobj(31)
        rest = d.decompress(rest) + d.flush()
        whole = whole and d.eof
    elif "content-encoding: deflate" in head:
        rest = zlib.decompress(rest)
    elif "content-encoding:" in head:
        raise ValueError("use --gzip: " + path)
    return int(head[9:12]), head, rest, whole


class Proxy:
    """Runs proxy.py beside the test. p("command") gives its answer."""

    def __init__(self, to, *options):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--to", to, "--stdin", *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.port, self.control_port = ready["listen"], ready["control"]
        self.control = socket.create_connection(("127.0.0.1", self.control_port))
        self.lines = self.control.makefile("r")

    def __call__(self, command):
        self.control.sendall(command.encode() + b"\n")
        answer = json.loads(self.lines.readline())
        if answer.get("ok") is False:
            raise ValueError(answer["error"])
        return answer

    def close(self):
        self.control.close()
        self.lines.close()
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


async def serve(options):
    state = State(options)
    await state.listen()
    control = await asyncio.start_server(state.control, "127.0.0.1", options.control)
    print(json.dumps({"listen": state.port, "control": control.sockets[0].getsockname()[1]}), flush=True)
    if options.stdin:
        loop = asyncio.get_running_loop()
        loop.run_in_executor(None, lambda: (sys.stdin.read(), loop.call_soon_threadsafe(state.over.set)))
    await state.over.wait()
    await state.cut_link()
    os._exit(0)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--to", required=True)
    p.add_argument("--listen", type=int, default=0)
    p.add_argument("--control", type=int, default=0)
    p.add_argument("--record")
    p.add_argument("--log")
    p.add_argument("--rtt", type=float, default=0)
    p.add_argument("--rate", type=float, nargs=2, default=(0, 0))
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--cut", action="append", default=[])
    p.add_argument("--gzip", action="store_true")
    p.add_argument("--stdin", action="store_true")
    asyncio.run(serve(p.parse_args()))


if __name__ == "__main__":
    main()
