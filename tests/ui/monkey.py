#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and windows by chance, the same for the same seed: 20,000 on a build with --enable-sanitizers, 2,000 on any other, a
million with --full (tests/ui/monkey finds the sanitizers' build by itself). A step is a key or a new size of the window; keys
go in writes of 1 to 24. Held: no report of a sanitizer; the program never ends by itself; every byte of its output is of
harness.ALLOWED; never two patients on one screen; a window too small shows nobody; and each 1,000 steps at most ten `q` and
one unlock lead to the worklist (a prompt takes q as a letter: Ctrl-G drops it first).

usage: monkey.py [--full] [--steps N] [--seed N]
Kills tests/mutants: ui-leaves-unasked, ui-help-stays.
"""
import argparse, fcntl, glob, os, random, re, struct, sys, tempfile, termios, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "ui", "tools")]
import footprint, tokens, ward
from harness import Check, Term, WARDLINE, strange

# Titles (row 1) of screens that show rows of several patients; each of their rows is of one. All others have a banner.
MANY = re.compile(r"PATIENTS|Search in all charts|Keys: |TASKS|SIMILAR|STOP|SEARCH|SCOPES|Found |SERVER  |HOUSEHOLD of |SYNC  ")
TERMS = ("xterm-256color", "vt100", "linux", "screen", "vt220")
SIZES = ((24, 80), (24, 80), (24, 80), (43, 132), (60, 200), (25, 81), (24, 79), (23, 80), (10, 60), (3, 20), (1, 1), (100, 90))
MOVES = [b"j", b"k", b" ", b"-", b"+", b"\r", b"G", b"q", b"h", b"<", b">", b"\t", b"\x1b[Z", b"?", b"g", b"R", b"[", b"]", b":", b"/", b"=", b"'a", b"Ma",
         b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1bOA", b"\x1bOB", b"\x1bOC", b"\x1bOD", b"\x1b[5~", b"\x1b[6~", b"\x1b[H", b"\x1b[F", b"\x07", b"\x0c", b"\x03"] + [b"\r"] * 5
# Letters that are typed, halves of sequences, what is no character, what a terminal or a mouse may answer, and much at once.
ODD = [b"\x1b", b"\x1b[", b"\x1bO", b"\x1b[1;5", b"\x1b[1;5A", b"\x1b[99~", b"\x1b[200~", b"\x1b[201~", b"\x1b[<0;10;10M", b"\x1b[M !!", b"\x1b[24;80R",
       b"\x1b]0;x\x07", b"\x1bP1$r\x1b\\", b"\x1b[?62;c", b"\x1b" + b"[" * 40, b"\x1b[" + b"9" * 90, b"\xc3", b"\xc3\xa9", b"\xf0\x9f", b"\xf0\x9f\x98\x80",
       b"e\xcc\x81" * 8, b"\xe2\x80\xae", b"\x00", b"\xff", b"\x80", b"\x9b", b"\x7f", b"\x15", b"\x08", b"j" * 60, b"k" * 60, b"9" * 30, b"z" * 200, b"\r\r\r", b"\n"]
WORDS = [b"m\r", b"l\r", b"p\r", b"b", b"/zeb\r", b"/za\x07", b"/1958\r", b"3\r", b"1-4,7\r", b"12\r", b":CC;O;AD;L\r", b":\x07", b":lab\r", b":RD\r", b"gm", b"gl", b"g\x07", b"\r\r", b"\rl\rq", b"T", b"W", b"v", b"o", b"t"]

check = Check()


def keys_of(chance):
    """One to 24 keys in a write. 'y' comes alone (it is an answer to the question whether to leave, see step); L, which
    locks, only last, so that few passphrases are tried: each wrong one makes the next wait longer."""
    out = []
    for _ in range(chance.choice([1, 1, 2, 3, 5, 8, 12, 24])):
        pick = chance.random()
        if pick < 0.45:
            key = chance.choice(MOVES)
        elif pick < 0.60:
            key = chance.choice(ODD)
        elif pick < 0.70:
            key = chance.choice(WORDS)
        elif pick < 0.97:
            key = bytes([chance.randrange(0x20, 0x7f)])
        else:
            key = bytes([chance.choice([c for c in range(1, 32) if c not in (0x11, 0x13)])])  # XOFF would only stop the terminal
        if key not in (b"y", b"L"):
            out.append(key)
    if chance.random() < 0.01:
        out.append(b"L")
    return out or [b"\r"]


class Monkey:
    def __init__(self, w, seed, token):
        self.w, self.chance, self.token = w, random.Random(seed), token
        self.steps = self.bytes = self.looks = self.tries = 0
        self.seen, self.titles, self.most_q, self.log = set(), {}, 0, []
        self.start()

    def start(self):
        self.term = self.chance.choice(TERMS)
        env = ward.environment(self.w.extra)
        env["TERM"] = self.term
        self.t = Term([WARDLINE, "--home", self.w.home], term=self.term, env=env, quiet=0.02)
        self.t.wait("Passphrase:")
        self.unlock()

    def small(self):
        return self.t.rows < 24 or self.t.cols < 80

    def locked(self):
        return self.t.row(1).startswith("wardline - locked")

    def at_home(self):
        return self.t.row(1).startswith("PATIENTS") and "Leave wardline?" not in self.t.row(self.t.rows)

    def unlock(self):
        """What the wait after wrong passphrases, or a sync that is still ending, asks for: again, until it opens."""
        end = time.monotonic() + 200
        while self.t.fd >= 0 and time.monotonic() < end:
            self.tries += 1
            self.t.type(b"\x07\x15" + ward.PASS.encode() + b"\r")
            until = time.monotonic() + 10
            while self.t.fd >= 0 and (self.t.row(1) == "wardline - locked" or not self.t.row(1)) and "does not open" not in self.t.text() and time.monotonic() < until:
                self.t.pump(0.1)
            self.t.rest()
            if not self.locked():
                return
        check(False, f"step {self.steps}: it does not unlock:\n{self.t.text()}")

    def alive(self):
        if self.t.fd >= 0:
            return True
        check(False, f"step {self.steps} ({self.term}, {self.t.rows}x{self.t.cols}): the program ended by itself with {self.t.end()}; "
                     f"the last keys {self.log[-6:]}: {self.t.raw[-300:]!r}\n{self.before}")
        self.start()
        return False

    def look(self):
        t, self.looks = self.t, self.looks + 1
        if not self.small() and "DEMO" not in t.row(t.rows):  # read too early? The glass is blank while a store is closed
            t.settle(first=10)
        text = t.text()
        found = {m.upper() for m in self.token.findall(text)}
        self.seen |= found
        last = f"step {self.steps} ({self.term}, {t.rows}x{t.cols}), the last keys {self.log[-4:]}:\n{text}"
        check(t.screen.cursor.y < t.rows, f"the cursor is in the window: {last}")
        if self.small():
            check(not found, f"a window too small shows a patient: {last}")
            return
        title = re.split(r"  |\d", t.row(3))[0] if t.row(3) and t.row(1) else ""
        self.titles[title] = self.titles.get(title, 0) + 1
        check("DEMO - NOT REAL PATIENTS" in t.row(t.rows), f"no demo mark: {last}")
        if len(found) > 1:
            check(MANY.match(text), f"two patients on one screen: {last}")
            for line in t.screen.display:
                check(len({m.upper() for m in self.token.findall(line)}) <= 1, f"two patients in one row: {last}")

    def bytes_sent(self):
        t = self.t
        self.bytes += len(t.raw)
        bad = strange(t.raw)
        check(not bad, f"step {self.steps} ({self.term}): bytes that no screen may send: {bad[:3]}")
        t.raw = b""

    def home(self):
        """REQ: whatever was typed, ten q lead to the worklist, after one unlock where it was locked."""
        if self.small():
            self.resize(24, 80)
        if self.locked():
            self.unlock()
        if not self.at_home():
            self.t.type(b"\x07")
        n = 0
        while not self.at_home() and n < 10 and self.t.fd >= 0:
            self.t.type(b"q")
            n += 1
        self.most_q = max(self.most_q, n)
        check(self.at_home(), f"step {self.steps}: {n} q do not lead to the worklist, the last keys {self.log[-6:]}:\n{self.t.text()}")

    def resize(self, rows, cols):
        t = self.t
        t.rows, t.cols = rows, cols
        t.screen.resize(rows, cols)
        fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        self.t.rest()

    def step(self):
        """One write of keys, or a storm of sizes."""
        chance, self.before = self.chance, self.t.text()
        if chance.random() < 0.05:
            sizes = [chance.choice(SIZES) for _ in range(chance.choice([1, 1, 2, 6]))]
            self.log.append(sizes)
            for s in sizes:
                self.resize(*s)
            self.steps += len(sizes)
        else:
            asked = "Leave wardline?" in self.t.row(self.t.rows)
            keys = [b"y"] if not asked and chance.random() < 0.01 else keys_of(chance)
            if self.small():  # there a lock screen says "Ctrl-C leaves", and it does
                keys = [k for k in keys if k not in (b"\x03", b"\x04")] or [b"j"]
            self.log.append(b"".join(keys))
            self.steps += len(keys)
            self.t.type(b"".join(keys))
        del self.log[:-8]
        if self.alive():
            self.look()
            if self.locked() and not self.small():
                self.unlock()

    def run(self, steps):
        thousand, self.began = 0, time.monotonic()
        while self.steps < steps and len(check.bad) < 20:
            self.step()
            if self.steps // 1000 > thousand and (not self.at_home() or self.steps % 1000 > 300):  # from elsewhere, if chance leads there
                thousand = self.steps // 1000
                self.home()
                self.bytes_sent()
                if thousand % 50 == 0:
                    print(f"{self.steps} steps, {len(self.seen)} patients seen, {time.monotonic() - self.began:.0f} s", flush=True)
                if thousand % 5 == 0:  # another terminal
                    self.leave()
                    self.start()
        self.home()
        self.leave()

    def leave(self):
        """By the way that the keys must not find alone."""
        if self.t.fd < 0:
            return
        while self.t.pump(0.5):  # half a sequence is over by then, and takes no key with it
            pass
        self.t.type(b"\x07")  # a prompt takes Ctrl-C as its own end
        self.t.type(b"\x03")
        asked = self.t.text()
        self.t.type(b"y")
        try:
            check(self.t.end(60) == 0, f"step {self.steps}: Ctrl-C and y leave with {self.t.status}")
        except AssertionError:
            check(False, f"step {self.steps} ({self.term}): Ctrl-C and y do not end it, the last keys {self.log[-6:]}:\n{asked}\nand then\n{self.t.text()}")
        self.bytes_sent()


def reports(tmp):
    for path in glob.glob(os.path.join(tmp, "report*")):
        with open(path, errors="replace") as f:
            check(False, f"a sanitizer's report: {f.read()[:3000]}")


def main():
    clean = footprint.sanitized(WARDLINE)
    ap = argparse.ArgumentParser()
    ap.add_argument("--full", action="store_true")
    ap.add_argument("--steps", type=int, default=int(os.environ.get("MONKEY_STEPS", 20000 if clean else 2000)))
    ap.add_argument("--seed", type=int, default=int(os.environ.get("MONKEY_SEED", "1")))
    a = ap.parse_args()
    steps = 1_000_000 if a.full else a.steps
    print(f"seed {a.seed}, {steps} steps, {'under sanitizers' if clean else 'without sanitizers'}", flush=True)
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
            os.environ[name] = os.environ.get(name, "") + f":log_path={tmp}/report:exitcode=99:print_stacktrace=1"
        w.extra = ward.quick_kdf()
        token = re.compile("|".join(tokens.load(w, 40, 8)), re.I)
        w.cli("init", "--server", w.url, "--demo")
        w.cli("sync")
        m = Monkey(w, a.seed, token)
        began = time.monotonic()
        m.run(steps)
        reports(tmp)
    check(len(m.seen) > 10, f"{len(m.seen)} patients were seen")
    check(len(m.titles) > 8, f"few screens were seen: {m.titles}")
    print(f"{len(m.titles)} titles of screens: " + ", ".join(f"{t or chr(45)} {n}" for t, n in sorted(m.titles.items(), key=lambda x: -x[1])[:40]))
    print(f"seed {a.seed}: {m.steps} steps, {m.looks} screens looked at, {m.bytes} bytes, {len(m.seen)} patients seen, "
          f"at most {m.most_q} q to the worklist, {m.tries} unlocks; {time.monotonic() - began:.0f} s")
    check.finish()


main()
