#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a locked screen still has in memory: no key of the store, no passphrase, no word of a patient, in whichever form;
also when it was locked while an answer was coming. The same look, before it is locked, finds them all: it can see.

Kills hyg-key-survives-lock, hyg-cache-survives-lock, hyg-stack-survives-lock and hyg-freed-unwiped.
"""
import os, subprocess, sys, tempfile, threading

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, p) for p in ("tests", "tests/ui", "tests/tools")]
import footprint, memory, tokens, ward
from harness import Check, Term, WARDLINE
from scripted import Scripted, fhir

PATIENTS = 6
check = Check()


def forms(word):
    """As it came, as it is folded for a search, as capitals, and as ncurses has it: four bytes a character, 28 a cell."""
    for w in {word, word.lower(), word.upper()}:
        yield w.encode()
        yield w.encode("utf-32-le")
        yield b"\0\0\0\0".join(c.encode("utf-32-le") + b"\0" * 20 for c in w)  # cchar_t: attributes, five characters, colour


def known(w, names):
    """What must not be found: {bytes: what it is}."""
    keys = subprocess.run([os.path.join(ward.BUILD, "tests/tools/keys"), w.home], input=ward.PASS + "\n", capture_output=True, text=True, check=True,
                          env=ward.environment(w.extra)).stdout.split()
    out = {}
    for i, k in enumerate(keys):
        raw = bytes.fromhex(k)
        for piece in (raw[:16], raw[16:]):
            out[piece] = f"key {i}" if i else "the data key"
    for n in range(3, len(ward.PASS) - 7):  # "correct" alone is a word of libraries
        out[ward.PASS[n:n + 8].encode()] = "the passphrase"
    for word in names:
        for f in forms(word):
            out[f] = f"the word {word}"
    return out


def look(t, when, needles):
    found = []
    for pid in (t.pid, *memory.children(t.pid)):
        hits, size = memory.find(pid, needles)
        print(f"{when}: process {pid - t.pid}: {size} bytes, {len(hits)} finds", flush=True)
        found += hits
    return found


def told(found):
    return "; ".join(f"{what} at {at} in {text!r}" for what, at, text in found[:12])


def work(t, names):
    """Reads, searches, types, and leaves nothing open but a chart's detail."""
    for name in names[:3]:
        t.key(f"/{name}\r")
        t.key("\r")
        for keys in "pmalvydtx":
            t.key(keys)
        for keys in ("m", "\r", "q", "/" + name.lower() + "\r", "q", "l", "T", "q", "?", "q", "q", "q"):
            t.key(keys)
        t.key("/\x15\r")
    t.key("S")
    t.key("/\x15\r\r")
    t.key("p")


def start(w):
    env = {"LD_PRELOAD": " ".join([w.extra.get("LD_PRELOAD", ""), os.path.join(ward.BUILD, "tests/tools/dumpable.so")]).strip()}
    return Term([WARDLINE, "--home", w.home], quiet=0.1, env=env)


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")


def lock(t, when, needles):
    t.key("L")
    t.wait("Passphrase:")
    t.rest(0.3)
    found = look(t, when, needles)
    check(not found, f"{when}: {len(found)} finds: {told(found)}")


def locked(w, names):
    needles = known(w, names)
    with start(w) as t:
        unlock(t)
        t.wait("synced ")
        work(t, names)
        kinds = {what for what, _, _ in look(t, "in use", needles)}
        check({f"key {i}" for i in (1, 2, 3)} <= kinds and len([k for k in kinds if k.startswith("the word")]) >= 3, f"the look sees what is there: {sorted(kinds)}")
        check("the data key" not in kinds and "the passphrase" not in kinds, f"neither data key nor passphrase outlives the opening: {sorted(kinds)}")
        t.key(" ")
        lock(t, "locked", needles)
        unlock(t)
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")


class Stalled(Scripted):
    """Sends three quarters of an answer, and no more until it is let go."""

    def __init__(self, body):
        self.waits, self.go = threading.Semaphore(0), threading.Event()
        super().__init__(lambda method, *_: fhir({"resourceType": "OperationOutcome"}, status="400 Bad Request") if method == "POST" else fhir(body, gz=True))

    def _one(self, c):
        super()._one(Half(c, self))


class Half:
    def __init__(self, c, server):
        self.c, self.server = c, server
        self.settimeout, self.recv = c.settimeout, c.recv

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.c.close()

    def sendall(self, data):
        if b" 400 " in data[:20]:
            return self.c.sendall(data)
        self.c.sendall(data[:len(data) * 3 // 4])
        self.server.waits.release()
        self.server.go.wait(60)


def locked_in_a_sync(tmp):
    names = [tokens.token(20 + i) for i in range(PATIENTS)]
    rows = [{"resource": r} for i in range(PATIENTS) for r in tokens.chart(20 + i, 200)]
    s = Stalled({"resourceType": "Bundle", "type": "searchset", "entry": rows})
    w = ward.Ward(tmp, url=s.url, init=False, quick=True)
    w.home = os.path.join(tmp, "stalled")
    w.cli("init", "--server", s.url)
    needles = known(w, names)
    with start(w) as t:
        unlock(t)
        for _ in range(3):
            check(s.waits.acquire(timeout=60), "an answer is half there")
        t.rest(0.3)
        check(any(what.startswith("the word") for what, _, _ in look(t, "half an answer", needles)), "the look sees the half that came")
        lock(t, "locked while an answer comes", needles)
        t.kill(15)
        t.end()
    s.go.set()
    s.close()


def main():
    if footprint.sanitized(WARDLINE):
        print("skipped: a sanitizer keeps what is freed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=4, charts=2, init=False, quick=True) as w:
        names = tokens.load(w, PATIENTS, 30)
        w.cli("init", "--server", w.url)
        w.cli("sync")
        try:
            locked(w, names)
            locked_in_a_sync(tmp)
        except PermissionError:
            print("skipped: the memory of a process cannot be looked at here")
            sys.exit(77)
    check.finish()


main()
