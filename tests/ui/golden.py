#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden screens. Each file of tests/ui/golden is a screen: how to get there, the words that must be on it and those that
must never be (the facts), and behind them what it is on each kind of terminal: text, attributes, cursor, bytes. The facts
are checked by themselves: whoever writes goldens anew with --update has not touched them. Clock, ward and seed are fixed
(tests/tools/fixed_clock.c, tests/ui/small_ward.py), so that only the instant of the next sync, which is by chance, is masked.

A file's head, before the first "=== ":
    keys: WORDS         typed one after the other, from the worklist, its first row marked; {Enter} {Tab} {Down} ... by name,
                        {Wait} for a page that does not listen at once
    line: A | B | C     the lines that lead there in line mode; by default /words, row 1 for {Enter}, and letters as they are
    wait: TEXT          it is not there before this is (a sync, an unlock); wait-2: TEXT, before row 2 holds it
    must: TEXT          stands on it, in every kind; must-en, must-es, must-utf8, must-c: in those alone
    never: TEXT         stands nowhere on it, in any kind
    not-in: KIND ...    the screen does not exist there
    home: part          of the profile that holds a part of its server's patients (small_ward.near); else of the one that holds all
    home: edited        of the one with two conflicts (conflict() below)
    window: ROWS COLS   the window is made this size behind its keys, and the old one again afterwards
Text and attributes and cursor are exact; the bytes that the last key brought are at most what is written here (and 2 % + 8,
for another ncurses).

usage: golden.py [--update] [SCREEN...]
Kills tests/mutants: ui-cursor-astray, model-range-lost, model-allergies-uncounted.
"""
import glob, itertools, os, re, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "ui")]
import small_ward, ward
from harness import Check, Term, WARDLINE, strange
from lines import Line

HERE = os.path.join(TOP, "tests/ui/golden")
CLOCK = os.path.join(ward.BUILD, "tests/tools/fixed_clock.so")
# kind: terminal, rows, columns, environment
KINDS = {
    "vt100": ("vt100", 24, 80, {}),
    "xterm": ("xterm-256color", 24, 80, {}),
    "c-locale": ("xterm-256color", 24, 80, {"LC_ALL": "C", "LANG": "C"}),
    "spanish": ("xterm-256color", 24, 80, {"LANGUAGE": "es"}),
    "wide": ("xterm-256color", 43, 132, {}),
}
NAMED = {"Enter": b"\r", "Tab": b"\t", "Down": b"\x1b[B", "Up": b"\x1b[A", "Left": b"\x1b[D", "Right": b"\x1b[C", "Esc": b"\x1b", "Space": b" ", "Ctrl-G": b"\x07", "Ctrl-U": b"\x15", "Home": b"\x1b[H", "End": b"\x1b[F"}
NEXT = re.compile(r"(?<=, )(\w+ \d\d-\w+ \d\d:\d\d)$")
OVER = re.compile(NEXT.pattern + r"|\d\d:\d\d, 2 [A-Z ]+$")  # a sync's end: the next one's instant, or what it left unsent
check = Check()


class Screen:
    """One file."""

    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path).removesuffix(".screen")
        with open(path, encoding="utf-8") as f:
            head, *kinds = f.read().split("=== ")
        self.head, self.facts, self.keys, self.wait, self.not_in, self.lines, self.home = head, [], [], None, [], None, "all"
        self.wait_row, self.window = 0, None
        for line in head.splitlines():
            name, _, rest = line.partition(":")
            rest = rest.strip()
            if name == "keys":
                words = [k for k in rest.split(" ") if k]
                self.keys = [self.bytes_of(k) for k in words]
                if all(k in ("{Enter}", "{Home}") or k[0] == "/" or len(k) == 1 for k in words):
                    self.lines = ["1" if k == "{Enter}" else "R" if k == "{Home}" else k for k in words]
            elif name == "line":
                self.lines = [k.strip() for k in rest.split("|")]
            elif name in ("wait", "wait-2"):
                self.wait, self.wait_row = rest, int(name[5:] or 0)
            elif name == "home":
                self.home = rest
            elif name == "window":
                self.window = [int(n) for n in rest.split()]
            elif name == "not-in":
                self.not_in = rest.split()
            elif name.startswith(("must", "never")):
                self.facts.append((name, rest))
            elif line.strip() and not line.startswith("#"):
                sys.exit(f"{path}: {line!r} is nothing that its head may say")
        self.golden = dict(k.split("\n", 1) for k in kinds)

    @staticmethod
    def bytes_of(key):
        if key == "{Wait}":
            return b""
        return b"".join(NAMED[p[1:-1]] if p.startswith("{") else p.encode() for p in re.findall(r"\{[A-Z][\w-]*\}|[^{]+", key))

    def write(self):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(self.head + "".join(f"=== {k}\n{text}" for k, text in self.golden.items()))


def attributes(screen):
    """Rows whose cells are not plain: 'row: from-to what, ...', columns from 1."""
    out = []
    for y in range(screen.lines):
        runs, row = [], screen.buffer[y]
        for x in range(screen.columns):
            c = row[x]
            what = " ".join(w for w, on in (("bold", c.bold), ("underlined", c.underscore), ("reverse", c.reverse), (f"fg={c.fg}", c.fg != "default"), (f"bg={c.bg}", c.bg != "default")) if on)
            if not what:
                continue
            if runs and runs[-1][2] == what and runs[-1][1] == x:
                runs[-1][1] = x + 1
            else:
                runs.append([x + 1, x + 1, what])
        if runs:
            out.append(f"  {y + 1}: " + ", ".join(f"{a}-{b} {w}" for a, b, w in runs))
    return out


def picture(t, n):
    """The screen as the file holds it."""
    lines = [line.rstrip() for line in t.screen.display]
    lines[-1] = NEXT.sub("(by chance)", lines[-1])
    row, col = t.cursor()
    marks = attributes(t.screen)
    return f"cursor {row},{col}  bytes {n}\n" + "".join(f"|{line}\n" for line in lines) + ("attributes\n" + "\n".join(marks) + "\n" if marks else "")


def compare(kind, s, now):
    """What differs from the golden, as lines; the bytes may be fewer."""
    old = s.golden.get(kind)
    if old is None:
        return ["there is no golden for it: golden.py --update"]
    most = lambda text: int(re.match(r"cursor \S+  bytes (\d+)", text)[1])
    out = [] if most(now) <= most(old) * 1.02 + 8 else [f"bytes: {most(now)}, at most {most(old)}"]
    strip = lambda text: re.sub(r"  bytes \d+", "", text, count=1).splitlines()
    a, b = strip(old), strip(now)
    out += [f"line {n + 1}:\n  is  {y!r}\n  was {x!r}" for n, (x, y) in enumerate(zip(a, b)) if x != y]
    return out + ([f"{len(b)} lines, not {len(a)}"] if len(a) != len(b) else [])


def facts(kind, s, lines):
    text = re.sub(r"\s+", " ", " ".join(line.strip() for line in lines))
    for name, words in s.facts:
        which = name.partition("-")[2]
        applies = {"": True, "en": kind != "spanish", "es": kind == "spanish", "utf8": kind != "c-locale", "c": kind == "c-locale"}[which]
        if applies and name.startswith("must"):
            check(words in text, f"{s.name}, {kind}: {words!r} must be on it:\n" + "\n".join(lines))
        elif applies:
            check(words not in text, f"{s.name}, {kind}: {words!r} must never be on it:\n" + "\n".join(lines))


def home(t):
    """The worklist, unfiltered, its first row marked; the same from wherever one was."""
    t.type(b"\x07")
    for _ in range(12):
        if t.row(t.rows).endswith(":"):  # the page that stops at similar names: it does not listen at once
            t.rest(0.6)
        t.type(b"q")
        if "?" in t.row(t.rows):  # it asks whether to leave: this is the worklist
            t.type(b"n")
            break
    t.type(b"\x1b[H")


def reach(t, s, slow):
    """Types its keys; the picture. slow: for a second look."""
    n = 0
    for key in s.keys:
        n = len(t.type(key, quiet=0.3 if slow else 0.03) if key else t.rest(0.7))
    if s.wait and not s.wait_row:
        t.wait(s.wait)
    while s.wait and s.wait_row and s.wait not in t.row(s.wait_row) and t.pump(20):
        pass
    if s.wait_row:
        t.rest(0.1)
    if not s.window:
        return picture(t, n)
    size = t.rows, t.cols
    n = len(t.resize(*s.window))
    now = picture(t, n)
    s.shown = list(t.screen.display)
    t.resize(*size)
    return now


def walk(t, kind, screens, update):
    for s in screens:
        if kind in s.not_in:
            continue
        now = reach(t, s, False)
        wrong = [] if update else compare(kind, s, now)
        if wrong:  # a screen that was read too early is read again; a wrong one stays wrong
            home(t)
            wrong = compare(kind, s, reach(t, s, True))
        check(not wrong, f"{s.name}, {kind}: {chr(10).join(wrong[:12])}")
        facts(kind, s, s.shown if s.window else t.screen.display)
        if update:
            s.golden[kind] = now
        home(t)


def locked(t, kind, s, update):
    """The lock screen comes before all others."""
    t.wait("assphrase" if kind != "spanish" else ":")
    t.rest(0.1)
    now = picture(t, len(t.raw))
    if update:
        s.golden[kind] = now
    wrong = [] if update else compare(kind, s, now)
    check(not wrong, f"{s.name}, {kind}: {chr(10).join(wrong)}")
    facts(kind, s, t.screen.display)


def line_mode(w, screens, update):
    """The same screens and facts where no cursor can be placed: what is new of each, and its prompt."""
    line = Line(w, env={"LD_PRELOAD": w.extra["LD_PRELOAD"]})
    line.answer()
    while not any(OVER.search(text) for text in line.say("Ctrl-L")):  # the sync of the unlocking is over
        time.sleep(0.2)
    for s in screens:
        if not s.lines or "line" in s.not_in:
            continue
        paper = []
        for words in s.lines:
            if words == "{Wait}":
                time.sleep(0.7)
                continue
            lines = line.say(words)
            paper += lines  # what stands above the last answer is still there
        lines = [NEXT.sub("(by chance)", text) for text in [*lines, line.prompt]]
        now = f"bytes {sum(len(text.encode()) + 1 for text in lines)}\n" + "".join(f"|{text.rstrip()}\n" for text in lines)
        old = s.golden.get("line", "nothing: golden.py --update")
        wrong = [] if update else [f"is  {b!r}\n  was {a!r}" for a, b in itertools.zip_longest(old.splitlines(), now.splitlines()) if a != b]
        check(not wrong, f"{s.name}, line: {chr(10).join(wrong[:8])}")
        facts("line", s, [*paper, line.prompt])
        if update:
            s.golden["line"] = now
        for _ in range(12):
            if line.prompt.rstrip().endswith("n = no"):
                line.say("n")
                break
            line.say("q")
    status, said = line.end()
    check(status == 0, f"line mode ends with {status}: {said}")


def profile(w, resources, *scope):
    """A profile of a ward, synced."""
    small_ward.load(w, resources)
    w.extra["LD_PRELOAD"] = f"{w.extra.get('LD_PRELOAD', '')} {CLOCK}".strip()
    w.cli("init", "--server", w.url, "--demo", *scope)
    w.cli("sync")


def conflict(w):
    """Two hands on one allergy and on one dose."""
    profile(w, small_ward.resources())
    mine = lambda name, a, b: w.cli("put", input=w.cli("get", name).stdout.replace(a, b))
    mine("AllergyIntolerance/a1", "Penicillin", "Latex gloves")
    mine("MedicationRequest/m1", "one tablet in the evening", "one tablet at night")
    theirs = {"a1": {"code": {"text": "Penicillin V"}, "criticality": "low"}, "m1": {"status": "on-hold"}}
    w.put(*({**r, **theirs[r["id"]]} for r in small_ward.resources() if r["id"] in theirs))
    w.cli("sync", check=False)
    w.cli("sync", check=False)


def every_kind(w, lock, screens, update):
    """The screens of one profile."""
    for kind, (term, rows, cols, env) in KINDS.items():
        with Term([WARDLINE, "--home", w.home], term=term, rows=rows, cols=cols, env={**ward.environment(w.extra), "TERM": term, **env}, quiet=0.1) as t:
            for s in lock:
                locked(t, kind, s, update)
            t.send(ward.PASS + "\r")
            while not OVER.search(t.row(t.rows).rstrip()):  # the sync of the unlocking is over
                t.settle(quiet=0.2, first=1)
            walk(t, kind, screens, update)
            t.kill(15)
            check(t.end() == 0, f"{kind}: SIGTERM ends it with {t.status}")
            check(not strange(t.raw), f"{kind}: bytes that no screen may send: {strange(t.raw)[:3]}")
    line_mode(w, screens, update)


def main():
    update = "--update" in sys.argv
    names = [a for a in sys.argv[1:] if a != "--update"]
    screens = [Screen(p) for p in sorted(glob.glob(os.path.join(HERE, "*.screen")))]
    lock = [s for s in screens if s.name == "lock"]
    rest = [s for s in screens if s.name != "lock" and (not names or s.name in names)]
    of = lambda home: [s for s in rest if s.home == home]
    os.environ["LD_PRELOAD"] = CLOCK  # for the server; it passes nothing on
    if os.path.exists(os.path.join(ward.BUILD, "wardline-demo")) and not os.path.exists(CLOCK):
        sys.exit("tests/tools/fixed_clock.so is not built")
    if not os.path.exists(os.path.join(ward.BUILD, "locale/es/LC_MESSAGES/wardline.mo")):
        print("skipped: Spanish (its catalogue is not built)")
        del KINDS["spanish"]
    if of("all"):
        with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
            profile(w, small_ward.resources())
            every_kind(w, lock, of("all"), update)
    if of("part"):
        with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
            profile(w, small_ward.near(), "--scope", small_ward.NEAR)
            every_kind(w, [], of("part"), update)
    if of("edited"):
        with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
            conflict(w)
            every_kind(w, [], of("edited"), update)
    if update:
        for s in screens:
            s.write()
    print(f"{len(rest) + len(lock)} screens, kinds: {', '.join(KINDS)}, line; {sum(len(s.facts) for s in screens)} facts")
    check.finish()


main()
