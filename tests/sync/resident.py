#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No answer of a server makes a program take more than 64 MiB of memory, the KDF's returned: not by its size, its number of rows, its nesting,
its compression, nor by four of its kind at once.

usage: resident.py [CASE...]
Kills mem-keeps-blocks and sync-large-at-once.
"""
import ctypes, json, os, subprocess, sys, tempfile, threading, zlib

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import footprint, ward
from scripted import Scripted, empty, fhir

MOST = 52  # MiB: 64, less the 12 by which a full screen in the largest chart (24) is above a bare sync
FOUR = ("Observation", "Procedure", "Goal", "CarePlan")
MIB = 1 << 20
STUCK = 240


def row(kind, name, more):
    return ('{"resource":{"resourceType":"%s","id":"%s","meta":{"versionId":"1","lastUpdated":"2026-01-01T00:00:00Z"},'
            '"subject":{"reference":"Patient/a"}%s}}' % (kind, name, more)).encode()


def bundle(rows):
    return b'{"resourceType":"Bundle","type":"searchset","entry":[' + b",".join(rows) + b"]}"


def text(n):
    """n bytes of text that hardly compresses."""
    return os.urandom(n // 2 + 1).hex()[:n]


def small_rows(kind):
    return bundle(row(kind, f"s{i}", ',"code":{"text":"%s"}' % text(2000)) for i in range(10 * MIB // 2200))


def tiny_rows(kind):
    return bundle(row(kind, f"t{i}", "") for i in range(3 * MIB // 180))


def large_rows(kind):
    return bundle(row(kind, f"l{i}", ',"code":{"text":"%s"}' % text(79 * MIB // 10)) for i in range(4))


def one_large(kind):
    return bundle([row(kind, "one", ',"code":{"text":"%s"}' % text(8 * MIB - 400))])


def many_nodes(kind):
    return bundle(row(kind, f"n{i}", ',"note":[%s]' % ",".join(["{}"] * 199_900)) for i in range(8))


def wide_nodes(kind):
    return bundle(row(kind, f"w{i}", ',"note":[%s]' % ",".join(['"%s"' % text(40)] * 180_000)) for i in range(4))


def many_references(kind):
    return bundle(row(kind, f"r{i}", ',"performer":[%s]' % ",".join('{"reference":"Practitioner/p%d-%d"}' % (i, k) for k in range(60_000))) for i in range(8))


def unreadable(kind):
    return bundle(row(kind, f"u{i}", ',"x":nope,"t":"%s"' % text(300)) for i in range(20_000))


def long_string(kind):
    return bundle([row(kind, "s", ',"code":{"text":"%s"}' % ("x" * (100 * MIB)))])


def deep(kind):
    return bundle([row(kind, "d", ',"x":' + "[" * (4 * MIB))])


def packed(body, wbits=31):
    z = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return z.compress(body) + z.flush()


def brotli(body):
    """With a window of 4 MiB, the largest that is taken."""
    out, n = ctypes.create_string_buffer(len(body) + 65536), ctypes.c_size_t(len(body) + 65536)
    if not ctypes.CDLL("libbrotlienc.so.1").BrotliEncoderCompress(1, 22, 0, ctypes.c_size_t(len(body)), body, ctypes.byref(n), out):
        sys.exit("brotli")
    return out.raw[: n.value]


def zstd(body):
    """The same with 8 MiB. No size in the head: there the window stands."""
    z = ctypes.CDLL("libzstd.so.1")
    z.ZSTD_createCCtx.restype, z.ZSTD_compress2.restype = ctypes.c_void_p, ctypes.c_size_t
    c, out = ctypes.c_void_p(z.ZSTD_createCCtx()), ctypes.create_string_buffer(len(body) + 65536)
    for parameter, value in (101, 23), (200, 0):  # ZSTD_c_windowLog, ZSTD_c_contentSizeFlag
        z.ZSTD_CCtx_setParameter(c, parameter, value)
    n = z.ZSTD_compress2(c, out, ctypes.c_size_t(len(out)), body, ctypes.c_size_t(len(body)))
    return out.raw[:n]


def bomb(_):
    """A GiB of spaces in a MiB: longer than the 200:1 that is allowed."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = z.compress(b'{"resourceType":"Bundle","type":"searchset","entry":[')
    return out + b"".join(z.compress(b" " * MIB) for _ in range(1024)) + z.flush()


def answer(body, coding=None, extra=()):
    return fhir(body, headers=(*(["Content-Encoding: " + coding] if coding else []), *extra))


HOWS = {"one kind": (("Observation",), False), "four at once": (FOUR, False), "batch": (FOUR, True)}
CASES = {
    "page of 10 MiB, rows of 2 KB": (small_rows, None, ["four at once"]),
    "page of 3 MiB, rows of 180 B": (tiny_rows, None, ["four at once"]),
    "page of 32 MiB, rows of 7.9 MiB": (large_rows, None, ["one kind", "four at once"]),
    "one row of 8 MiB": (one_large, None, ["batch"]),
    "rows of 199,900 values": (many_nodes, None, ["one kind"]),
    "rows of 7 MiB and 180,000 values": (wide_nodes, None, ["four at once"]),
    "rows that name 60,000 others": (many_references, None, ["one kind"]),
    "20,000 unreadable rows": (unreadable, None, ["one kind"]),
    "one string of 100 MiB": (long_string, None, ["one kind"]),
    "4 MiB of [": (deep, None, ["one kind"]),
    "gzip bomb": (bomb, "gzip", ["four at once"]),
    "gzip of large rows": (lambda k: packed(large_rows(k)), "gzip", ["four at once"]),
    "brotli of large rows": (lambda k: brotli(large_rows(k)), "br", ["four at once"]),
    "zstd of large rows": (lambda k: zstd(large_rows(k)), "zstd", ["four at once"]),
}


class Server:
    """Batches answer 400, so that each kind is asked by itself; `kinds` answer with the hostile body."""

    def __init__(self, make, coding, kinds, batch=False):
        self.make, self.coding, self.kinds, self.batch = make, coding, kinds, batch
        self.made, self.lock, self.peak, self.pid = {}, threading.Lock(), None, None
        self.started = threading.Event()
        self.s = Scripted(self.answer)

    def of(self, kind):
        with self.lock:
            if kind not in self.made:
                self.made[kind] = answer(self.make(kind), self.coding)
            return self.made[kind]

    def answer(self, method, path, headers, body):
        self.started.set()
        base = "http://" + headers["host"] + "/fhir"
        kind = path.split("/fhir/", 1)[-1].split("?")[0]
        if method == "POST":
            if not self.batch:
                return fhir({"resourceType": "OperationOutcome", "issue": []}, status="400 Bad Request")
            asked = [e["request"]["url"].split("?")[0] for e in json.loads(body).get("entry", [])]
            out = b",".join(b'{"response":{"status":"200 OK"},"resource":%s}' %
                            (self.make(k) if k in self.kinds else json.dumps(empty(base + "/" + k)).encode()) for k in asked)
            return fhir(b'{"resourceType":"Bundle","type":"batch-response","entry":[' + out + b"]}")
        if kind in self.kinds:
            return self.of(kind)
        return fhir(empty(base + path.split("/fhir", 1)[-1]))


def measure(tmp, name, server):
    """The most that a sync with that server takes, from its first request on: the passphrase is through the KDF by then."""
    w = ward.Ward(tmp, init=False, url=server.s.url)
    w.home = os.path.join(tmp, f"h{len(os.listdir(tmp))}")
    w.cli("init", "--server", server.s.url)
    r, wr = os.pipe()
    os.write(wr, ward.PASS.encode() + b"\n")
    os.close(wr)
    p = subprocess.Popen([ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "sync"], pass_fds=[r], env=ward.environment(),
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    os.close(r)
    if not server.started.wait(STUCK):
        p.kill()
        sys.exit(f"{name}: no request came: {p.communicate()[1]}")
    with footprint.Peak(p.pid) as peak:
        try:
            p.wait(STUCK)
        except subprocess.TimeoutExpired:
            p.kill()
            return None, "did not end"
    server.s.close()
    return peak.mib, f"exit {p.returncode} {p.stderr.read().strip()[:150]}"


def main():
    bad = 0
    if footprint.sanitized(ward.WARDLINE):
        print("skipped: memory is not measured under sanitizers")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        for name, (make, coding, hows) in CASES.items():
            if sys.argv[1:] and not any(a in name for a in sys.argv[1:]):
                continue
            for how in hows:
                kinds, batch = HOWS[how]
                mib, end = measure(tmp, name, Server(make, coding, kinds, batch))
                wrong = mib is None or mib > MOST or mib < 4
                bad += wrong
                print(f"{'FAILED' if wrong else 'ok    '} {name}, {how}: {mib or 0:.1f} MiB, most {MOST}; {end}", flush=True)
    return 1 if bad else 0


sys.exit(main())
