#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each screen says and where its cursor stands, key by key, on a ward of made-up patients: lock, worklist, find,
chart, sections, one row in full, help, questions; then windows that change, signals, and terminals that cannot.
Kills tests/mutants/ui-type-ahead and ui-find-swallowed.
"""
import json, os, re, signal, sys, tempfile, termios, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
import tokens, ward
from harness import HOME, Check, LEFT, RIGHT, Term, WARDLINE, strange

check = Check()
OPEN_BAR = "Enter Open  / Find  v View  t Tasks  Space Page  s Sync  L Lock  ? Help  q Exit"
CHART_BAR = "Enter Open  Space Page  Tab Section  N New  g Go  b Who  L Lock  ? Help  q Back"


def ward_of(tmp):
    w = ward.Ward(tmp, init=False)
    tokens.load(w, 30, 12)
    w.put(ward.person("twin-a", "PEMBERTON", "Rosalind"), ward.person("twin-b", "PEMBERTON", "Rosalind"), ward.person("acute", "Ang\u00e9lique", "Zo\u00eb"),
        ward.person("dead", "QUENELL", "Edith", deceasedDateTime="2026-05-01"), ward.person("evil", "ROGUE\x1b]0;pwned\x07\u202e", "Bad\nName"))
    w.cli("init", "--server", w.url, "--demo")
    w.cli("sync")
    return w


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    t.wait("synced ")


def lock_screen(w):
    with Term([WARDLINE, "--home", w.home]) as t:
        t.wait("Passphrase:")
        check(t.row(1) == "wardline - locked" and t.cursor() == (5, 13), f"lock screen and its cursor: {t.cursor()}")
        check(t.row(23) == "Enter Open  Ctrl-C Exit", t.row(23))
        check(t.row(4) == "It locks by itself after 5 minutes without a key.", t.row(4))
        t.key("\r")
        check(t.row(22) == "Type the passphrase first.", t.row(22))
        t.key("wronh\x7fg")
        check(t.row(5) == "Passphrase: *****" and t.cursor() == (5, 18), f"stars: {t.row(5)!r} {t.cursor()}")
        check("wron" not in t.text(), "a passphrase is never shown")
        t.send("\r")
        t.wait("that passphrase does not open this profile")
        check(t.row(5) == "Passphrase:", "a wrong passphrase is forgotten")
        t.key("half\x15")
        check(t.row(5) == "Passphrase:", "Ctrl-U takes all away")
        t.key("\x03")
        check("Leave wardline? y = yes, n = no" in t.row(24), t.row(24))
        t.key("n")
        t.send(ward.PASS + "\r")
        t.wait("PATIENTS")
        t.key("q")
        t.send("y")
        check(t.end() == 0, "y leaves with 0")
        check(not t.text().strip(), f"the screen is clear after: {t.text()!r}")


def worklist(t):
    check(t.row(1) == "PATIENTS  35 kept here (all)", t.row(1))
    check(t.row(3).split() == ["Name", "Born", "Sex", "Number", "Page", "1", "of", "2"], t.row(3))
    check(t.row(23) == OPEN_BAR, t.row(23))
    check(re.search(r"^DEMO - NOT REAL PATIENTS  synced \d\d-[A-Z][a-z]{2} \d\d:\d\d, next \d\d-", t.row(24)), t.row(24))
    check(t.row(22) == "+ more below", t.row(22))
    check(t.cursor() == (4, 5) and t.focus().startswith("> 1 ANG"), f"{t.cursor()} {t.focus()}")
    check("Zo\u00eb" in t.row(4), "letters beyond ASCII are themselves")
    twins = [r for r in t.body() if "PEMBERTON" in r]
    check(len(twins) == 2 and all("SIMILAR NAME" in r for r in twins), f"namesakes say so: {twins}")
    check(any("QUENELL" in r and "DIED" in r for r in t.body()), "the dead say so")
    evil = [r for r in t.body() if "ROGUE" in r]
    check(evil and "<ESC>]0;PWNED<BEL><U+202E>" in evil[0], f"controls are shown, not obeyed: {evil}")
    for k, row in (("j", 5), (b"\x1b[B", 6), (b"\x1bOB", 7), ("k", 6), (b"\x1b[A", 5), (b"\x1bOA", 4), ("k", 4)):
        t.key(k)
        check(t.cursor() == (row, 5) and t.focus(), f"{k!r} leads to row {row}: {t.cursor()}")
    t.key("G")
    check(t.row(3).endswith("Page 2 of 2") and t.row(22) == "" and "ZUZ" in t.focus() or "ZU" in t.focus(), f"the end: {t.row(3)} {t.focus()}")
    t.key(HOME)
    t.key(" ")
    t.key("-")
    check(t.cursor() == (4, 5), "a page down and up")
    t.key(b"\x1b[99~")
    check(t.cursor() == (4, 5) and t.row(22) == "+ more below", "a sequence nobody knows is nothing")
    t.key("%")
    check(t.row(22).startswith("That key does nothing here. ? = help"), t.row(22))
    t.key("m")
    check(t.row(22).startswith("That key works in an open chart; Enter opens the row's."), f"a section's letter: {t.row(22)}")


def pieces(t):
    """An arrow that a slow line cuts in two is an arrow; none of its letters is a command."""
    t.torn(lambda: t.key(HOME), b"\x1b", b"[B", 0.05)
    check(t.cursor() == (5, 5), f"an arrow in two pieces: {t.cursor()}")
    t.key("k")


def find(t):
    t.key("/")
    check(t.row(24).endswith("Find:") and t.row(23) == "Enter Choose  Ctrl-U Clear  Ctrl-G All", t.row(24))
    t.key(b"\x1b[5~")
    check(t.row(22).startswith("That key does nothing here."), f"no key is swallowed: {t.row(22)}")
    t.key("pemb")
    check(t.row(2) == '2 match "pemb"' and sum("PEMBERTON" in r for r in t.body()) == 2, t.text())
    check(t.row(24).endswith("Find: pemb") and t.cursor() == (24, len(t.row(24)) + 1), f"{t.row(24)!r} {t.cursor()}")
    t.key("\r")
    check(t.row(1).startswith("PATIENTS") and t.row(22).startswith("2 patients match: move to the right one"), "Enter opens none of two namesakes")
    t.key("/")
    t.key("no such name")
    check(t.body()[0] == "    none in the 35 patients kept here (all); the server was not searched", t.body()[0])
    t.key("\x07")
    check(t.row(1).startswith("PATIENTS  35") and not t.row(2), "Ctrl-G: all patients again")


def type_ahead(t, token):
    """REQ: Enter opens only what was painted before Enter was read."""
    t.key("/" + token + "\r")
    check(t.row(1).startswith("PATIENTS") and t.row(22).startswith("Not opened: that row was not on the screen yet."), t.text())
    t.key("\r")
    check(t.row(1).startswith(token.upper()), f"after a look, Enter opens it: {t.row(1)}")
    t.key("q")
    t.key("q")
    t.key(HOME)
    t.key("j" * 25 + "\r")
    check(t.row(1).startswith("PATIENTS"), "nor what 25 moves led to")
    t.key("qy")
    check("Leave wardline?" in t.row(24), "a y before the question is no answer")
    t.key("n")
    t.key(HOME)
    t.key("jjj\r")  # past the namesakes, whose stop page is tests/ui/worklist.py's
    check(not t.row(1).startswith("PATIENTS"), "what stood on the screen opens at once")
    t.key("q")


def questions(t, token):
    """REQ: a key that does not answer the question is what it is without one: a swallowed '/' would turn the name behind it
    into commands, and Enter would open whoever is marked. Enter itself answers no and opens nothing."""
    t.key(HOME)
    t.key("q")
    check("Leave wardline? y = yes, n = no" in t.row(24) and t.row(23) == "y Yes  n No", t.text())
    t.key("/")
    check(t.row(24).endswith("Find:") and t.row(22).startswith("Not left."), f"/ at the question is Find: {t.text()}")
    t.key(token)
    t.key("\r")
    check(t.row(1).startswith(token.upper()), f"and the name is looked for: {t.row(1)}")
    t.key("\x03")
    check("Leave wardline?" in t.row(24), t.row(24))
    t.key("m")
    check(t.row(3).startswith("Medicines") and t.row(22).startswith("Not left.") and "Leave" not in t.row(24), t.text())
    for _ in range(3):  # the cover, the list that was found, all of it
        t.key("q")
    t.key(HOME)
    t.key("q/" + token)  # in one go, before the question was ever painted
    check(t.row(24).endswith(f"Find: {token}") and t.row(2) == f'1 matches "{token}"', t.text())
    t.key("\x07")
    for k in ("\r", "n", "q", LEFT, RIGHT, "\x1b"):
        t.key("q")
        check("Leave wardline?" in t.row(24), t.row(24))
        t.key(k)
        check(t.row(1).startswith("PATIENTS") and "Leave" not in t.row(24) and t.cursor() == (4, 5), f"{k!r} stays, and opens nothing: {t.text()}")
    t.key("q")
    t.key("j")
    check(t.cursor() == (5, 5) and t.row(22).startswith("Not left."), f"j at the question moves: {t.text()}")
    t.key("q")
    t.key("%")
    check("Leave" not in t.row(24) and t.row(22).startswith("That key does nothing here."), t.text())
    t.key("k")


def chart(t, token, shown):
    t.key("/")
    t.key(token)
    t.key("\r")
    check(re.match(rf"{token.upper()}, Anna{token.lower()}  Born \d\d-Mar-19\d\d \(\d+y\)  Gender Female  ID No. {token}-\d+$", t.row(1)), t.row(1))
    check(t.row(2).startswith("Known allergies"), t.row(2))
    check(t.row(3).startswith("Cover") and "as of " in t.row(3) and t.row(3).endswith("Page 1 of 1"), t.row(3))
    check(t.row(23) == CHART_BAR, t.row(23))
    check("DEMO - NOT REAL PATIENTS" in t.row(24), t.row(24))
    for key, name, title in (("m", "medicines", "Medicines"), ("p", "problems", "Problems"), ("l", "labs", "Results"), ("a", "allergies", "Allergies")):
        t.key(key)
        check(t.row(3).startswith(title), f"{key}: {t.row(3)}")
        check(t.cursor() == (4, 5) and t.focus(), f"{title}: the cursor is on the first row: {t.cursor()}")
        words = " ".join(" ".join(r[4:] for r in t.body()).split())
        first = shown[name][0]
        said = " ".join(f"{first['date']} {first['text']}".split())
        check(said in words and len(said) > 10, f"the words of show: {said!r} in {words[:200]!r}")
    t.key("p")
    t.key("\t")
    check(t.row(3).startswith("Medicines"), f"Tab: {t.row(3)}")
    t.key(b"\x1b[Z")
    check(t.row(3).startswith("Problems"), f"Shift-Tab: {t.row(3)}")
    t.key("gg")
    check(t.row(3).startswith("Sections") and "Problems" in t.focus() and t.row(1).startswith(token.upper()), t.text())
    t.key("j")
    t.key("\r")
    check(t.row(3).startswith("Medicines"), "a section from the list")


def detail(t, token):
    t.key("j")
    row = t.focus()
    t.key("\r")
    check(t.row(1).startswith(token.upper()) and t.row(23).startswith("Space Page  w Words  c Codes  r Raw"), t.text())
    check(token in t.row(4) and t.focus(), f"the words first: {t.row(4)}")
    t.key("r")
    check(t.focus() == ">   {" and any('"resourceType": "MedicationRequest"' in r for r in t.body()), t.text())
    t.key("?")
    check(t.row(3).startswith("Keys: One row in full") and t.row(1).startswith(token.upper()) and any("Back to where" in r for r in t.body()), t.text())
    t.key("q")
    t.send(b"\x1b")  # Esc alone, after its delay
    t.wait("Medicines")
    check(t.focus() == row, f"back on the row that was open: {t.focus()}")
    t.key(b"\x1b[D")
    check(t.row(3).startswith("Cover"), f"Left leads to the cover: {t.row(3)}")
    t.key("q")
    check(t.row(1).startswith("PATIENTS  35 kept") and t.row(2).startswith("1 matches") and t.row(23).endswith("q All"), f"q to the list; what q does there is said: {t.text()}")
    t.key("q")
    check(t.row(1).startswith("PATIENTS  35 kept") and not t.row(2) and t.row(23).endswith("q Exit"), f"and again to all patients: {t.text()}")


def news(t, w):
    """A shown list changes by a key alone."""
    before = t.body()
    w.put(ward.person("new-1", "AARDVARK", "Alma"))
    t.send("s")
    t.wait("1 new patient - R shows it")
    check(t.body() == before, "nothing was put into the list that is shown")
    t.key("R")
    check("AARDVARK" in t.row(4) and t.row(1) == "PATIENTS  36 kept here (all)", t.text())
    check(before[0][4:20] in t.focus(), f"the marker stays on its patient: {t.focus()}")
    t.key("/")
    t.key("ang")
    t.key("\r")
    check("Allergies not recorded" in t.row(2), t.row(2))
    w.put({"resourceType": "AllergyIntolerance", "id": "new-2", "patient": {"reference": "Patient/acute"}, "code": {"text": "Peanut"},
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}})
    t.send("S")
    t.wait("A sync has brought data since this was shown - R shows it")
    check("Allergies not recorded" in t.row(2), f"nothing changes by itself: {t.row(2)}")
    t.key("a")
    check("Peanut" in t.row(4) and t.row(2).startswith("Known allergies: Peanut"), f"a banner is never older than the rows below it: {t.text()}")
    check("A sync has brought" not in t.row(22), t.row(22))
    for _ in range(3):
        t.key("q")
    w.stop_server()
    t.send("s")
    t.wait("ffline")
    check(t.row(1).startswith("PATIENTS  36"), "offline, and everything is still there")


def sizes(t, token):
    t.key("/")
    t.key(token)
    t.key("\r")
    t.key("m")
    t.resize(43, 132)
    check(t.row(1).startswith(token.upper()) and t.row(42) == CHART_BAR and t.focus(), t.text())
    t.resize(20, 60)
    check(t.row(1) == "wardline needs 80 x 24" and token.lower() not in t.text().lower(), t.text())
    check(t.row(3) == "Only L works: it locks", t.row(3))
    t.key("jjq/zz\rqyS\x03y")
    t.resize(24, 80)
    check(t.row(3).startswith("Medicines") and t.cursor() == (4, 5) and not "Leave" in t.row(24), f"no key acts where nothing is shown: {t.text()}")
    t.resize(15, 60)
    t.send("L")
    t.wait("Ctrl-C works")
    t.resize(24, 80)
    check(t.row(1) == "wardline - locked", t.text())
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.key("/")
    t.key(token)
    t.key("\r")
    check(t.row(1).startswith(token.upper()) and t.row(23) == CHART_BAR and t.focus(), t.text())
    t.key("L")
    t.wait("Passphrase:")
    check(token.lower() not in t.text().lower() and "DEMO" in t.row(24), "locked: nothing of a patient on the screen")


def signals(w, token):
    for name, signo, status in (("TERM", 15, 0), ("HUP", 1, 0), ("KILL", 9, -9)):
        ends = os.openpty()  # as the program finds its own: asked of that one, it may have been too late
        modes = termios.tcgetattr(ends[0])
        for fd in ends:
            os.close(fd)
        t = Term([WARDLINE, "--home", w.home], term="vt100")
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("PATIENTS")
        check(termios.tcgetattr(t.fd) != modes, "the terminal is taken")
        keep = os.open(ptsname(t.fd), os.O_RDWR | os.O_NOCTTY)
        t.kill(signo)
        for _ in range(100):
            t.pump(0.1)
            if not t.text().strip() and termios.tcgetattr(keep) == modes:
                break
        check(not t.text().strip(), f"SIG{name}: the screen is clear: {t.text()!r}")
        check(termios.tcgetattr(keep) == modes, f"SIG{name}: the terminal is as it was")
        os.close(keep)
        check(t.end() == status, f"SIG{name}: exit {t.status}")
        t.close()


def ptsname(fd):
    import ctypes
    libc = ctypes.CDLL(None)
    libc.ptsname.restype = ctypes.c_char_p
    return libc.ptsname(fd).decode()


def stopped(w):
    """SIGTSTP: locked and clear before it stops; after SIGCONT the lock screen."""
    t = Term(["/bin/sh", "-c", f"'{WARDLINE}' --home '{w.home}'; exit $?"])
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    kids = open(f"/proc/{t.pid}/task/{t.pid}/children").read().split()
    pid = int(kids[0])
    check(t.suspend(pid), "SIGTSTP stops it")
    check(not t.text().strip(), f"stopped: the screen is clear: {t.text()!r}")
    os.kill(pid, signal.SIGCONT)
    t.wait("Passphrase:")
    check("kept here" not in t.text() and "wardline - locked" in t.text(), "resumed: locked")
    os.kill(pid, signal.SIGTERM)
    check(t.end() == 0, "and ends")


def terminals(w):
    for term in ("dumb", "../../etc/x", "no-such-term"):  # where the full screen cannot be: line mode (tests/ui/line.py)
        t = Term([WARDLINE, "--home", w.home], term=term)
        t.wait("Passphrase:")
        t.kill(15)
        check(t.end() == 0, f"TERM={term}: exit {t.status}")
        said = t.raw.decode(errors="replace")
        check("wardline in line mode" in said and "\x1b" not in said, f"TERM={term}: {said!r}")
    with Term([WARDLINE, "--home", w.home], env={"NO_COLOR": "1"}) as t:
        unlock_offline(t)
        check(not re.search(rb"\x1b\[([0-9;]*;)?[349][0-9]m", t.raw), "no colour")
        t.kill(15)
        t.end()
    with Term([WARDLINE, "--home", w.home], env={"LC_ALL": "C"}) as t:
        unlock_offline(t)
        row = next(r for r in t.body() if "ANGELIQUE" in r)
        check("ANGELIQUE, Zoe" in row and row.endswith("(translit.)") and not re.search(rb"[\x80-\xff]", t.raw), f"a name in other letters says so: {row}")
        t.kill(15)
        t.end()


def asked_twice(w):
    """A slip in a new passphrase is said in words and asked again, both lines of it."""
    with Term([WARDLINE, "--home", w.home + "-twice", "init", "--server", w.url]) as t:
        for n, first, second, then in ((1, "one horse", "two horses", "The two are not the same."), (2, "two horses", "two horses", "Profile made.")):
            for prompt, typed in (("New passphrase:", first), ("The same again:", second)):
                end = time.monotonic() + 60
                while t.text().count(prompt) < n and t.fd >= 0 and time.monotonic() < end:
                    t.pump(0.2)
                check(t.text().count(prompt) == n, f"{prompt} is asked the {n}. time: {t.text()}")
                t.send(typed + "\r")
            t.wait(then)
        check(t.end() == 0, "and the profile is made")


def unlock_offline(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")


with tempfile.TemporaryDirectory() as tmp, ward_of(tmp) as w:
    token = tokens.token(7)
    lock_screen(w)
    shown = w.json("show", "tok7")["sections"]
    with Term([WARDLINE, "--home", w.home], quiet=0.15) as t:
        unlock(t)
        worklist(t)
        pieces(t)
        find(t)
        type_ahead(t, token)
        questions(t, token)
        chart(t, token, shown)
        detail(t, token)
        news(t, w)
        sizes(t, token)
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
        check(not strange(t.raw), f"bytes that no screen may send: {strange(t.raw)[:3]}")
    signals(w, token)
    asked_twice(w)
    stopped(w)
    terminals(w)
check.finish()
