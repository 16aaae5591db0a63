#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding one's way: numbers of rows, the palette and its jumps, the hint behind g, sideways, marks, undo, the help that
runs; facts on the screen and bytes of each hint. Kills tests/mutants: ui-ask-type-ahead, ui-number-unpainted,
ui-jump-past-stop, ui-conf-ask.
"""
import os, re, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
import tokens, ward
from harness import HOME, Check, Term, WARDLINE, strange

check, BUDGET, worst = Check(), 240, {}


def spent(what, raw):
    worst[what] = max(worst.get(what, 0), len(raw))
    check(len(raw) <= BUDGET, f"{what}: {len(raw)} bytes, budget {BUDGET}: {raw!r}")


def said(t):
    """What was said, which may go on in the key bar's row."""
    return t.row(22) + " " + t.row(23)


def numbers(t):
    """Each row has its number, once on a page, and keeps it when the page scrolls; a number means what was painted."""
    t.key(HOME)
    rows = {int(r[1:3]): r[4:] for r in t.body()}
    check(list(rows) == list(range(1, 19)), f"numbers of the first page: {list(rows)}")
    t.key("j" * 20)
    check(t.focus().startswith(">21 ") and t.body()[-2].startswith(" 20 "), f"after a scroll of three: {t.body()}")
    check({int(r[1:3]): r[4:] for r in t.body()}[5] == rows[5], "a number stays with its row")
    t.key("5")
    check(t.row(24).endswith("Row: 5"), t.row(24))
    t.key("\r")
    check(t.row(1).startswith(rows[5].split(",")[0]), f"5 opens row 5: {t.row(1)} for {rows[5]}")
    t.key("q")
    check(t.focus().startswith("> 5 "), f"and Back is on it: {t.focus()}")
    # REQ: a number that is not on the screen opens nothing.
    t.key("30\r")
    check(t.row(1).startswith("PATIENTS") and t.row(22).startswith("Row 30 is not on the screen."), t.text())
    t.key("30L")  # nor does the key behind it act on the marked row: L would lock
    check(t.row(1).startswith("PATIENTS") and t.row(22).startswith("Row 30 is not on the screen."), t.text())
    t.key(HOME)
    t.key("R7\r")  # made anew in the same breath: nothing of it was painted
    check(t.row(1).startswith("PATIENTS") and "is not on the screen" in t.row(22), t.text())
    # A count before a key that moves, as in every pager: from where the marker is, also beyond the page.
    for keys, at in (("13j", 14), ("2j", 16), ("25j", 41), (b"7\x1b[A", 34), ("3k", 31), ("150j", 110), ("104k", 6)):
        t.key(keys)
        check(int(t.focus()[1:3]) == at % 100, f"{keys!r}: {t.focus()}")
    t.key("0j")
    check(t.row(22).startswith("Row 0 is not on the screen.") and t.focus().startswith("> 6 "), t.row(22))
    t.key("100\r")
    check(t.row(22).startswith('No row number: "100"'), t.row(22))
    t.key("12\x07")
    check(t.row(1).startswith("PATIENTS") and t.focus().startswith("> 6 "), "dropped")


def hundreds(t):
    """They go round behind 99; on the last page each stands once."""
    t.key("G")
    nums = [int(r[1:3]) for r in t.body() if r.strip()]
    check(len(nums) == len(set(nums)), f"{nums}")
    last = int(t.focus()[1:3])
    t.key(f"{nums[2]}\r")
    name = t.row(1).split(",")[0]
    t.key("q")
    check(t.body()[2][4:].startswith(name), f"row {nums[2]} of {nums} was {name}: {t.body()[2]}")
    check(last == PATIENTS % 100, f"the last number is {last}")


def several(t):
    t.key(HOME)
    names = [r[4:].split(",")[0] for r in t.body()]
    t.key("1-3,6\r")
    check(t.row(1).startswith(names[0]) and t.row(22).startswith("Patient 1 of the 4 chosen"), t.text())
    t.key("q")
    t.key("2-3k")
    check(t.row(22).startswith("Several rows: only Enter takes them."), t.row(22))
    t.key("1\r")
    t.key("p")
    t.key("1-2\r")
    check(t.row(22).startswith("One row at a time here: nothing was opened."), t.row(22))
    t.key("\r")
    t.key("3")
    check(t.row(22).startswith("The lines here are one text: they have no numbers."), t.row(22))
    for _ in range(3):  # the section, the cover, the list
        t.key("q")


def palette(t):
    t.key(HOME)
    before = t.text()
    spent("palette, shown", t.key(":"))
    check(t.row(24).endswith(":") and "FS" in t.row(22) + t.row(23), t.text())
    check(t.body() == before.split("\n")[3:21], "the body is not covered")
    spent("palette, a letter", t.key("l"))
    check("LK Lock" in t.row(22) and "LS" in t.row(22), t.row(22))
    spent("palette, a letter", t.key("o"))
    check(t.row(22).startswith("LK: Lock"), f"one is left, in a sentence: {t.row(22)}")
    t.key("\x15")
    check(not re.search(r"\b[a-z]+\.[a-z]+", t.row(22) + t.row(23)) and "LK Lock" in t.row(22) + t.row(23), f"names for people, no ids: {said(t)}")
    spent("palette, hidden", t.key("\x07"))
    check(t.text() == before, "as before")
    for words, row in (("ls", r"^>%2d " % (PATIENTS % 100)), ("FS", r"^> 1 "), ("next", r"^>19 "), ("list.pre", r"^> 1 "), ("dn", r"^> 2 ")):
        t.key(f":{words}\r")
        check(re.match(row, t.focus()), f"{words}: {t.focus()} {t.row(22)}")
    t.key(":l\r")
    check(t.row(22).startswith('"l" could be'), t.row(22))
    t.key(":qwx\r")
    check(t.row(22).startswith('No command is called "qwx"'), t.row(22))
    t.key(":codes\r")
    check(t.row(22).startswith('"codes" does nothing on this screen.'), t.row(22))
    t.key(":?\r")
    check(t.row(3).startswith("Keys: Patients"), t.row(3))
    t.key("q")
    t.key(":tour\r")
    check(t.row(22).startswith("The tour is part of the demo"), t.row(22))
    t.key("?")
    t.key("q")
    t.key(":GO\r")
    check(t.row(24).endswith("Page:"), t.row(24))
    t.key("3\r")
    check(t.focus().startswith(">37 "), t.focus())
    t.key(":loc\t")
    check(t.row(24).endswith(": LK"), f"Tab goes through the matches: {t.row(24)}")
    t.key("\x07")
    t.key(HOME)


def jumps(t):
    t.key("\r")
    name = t.row(1)
    t.key(":cc\r")
    check(t.row(3).startswith("Sections") and t.row(1) == name, t.row(3))
    t.key(":medi\r")
    check(t.row(3).startswith("Medicines"), t.row(3))
    t.key(":l\r")
    check(t.row(3).startswith("Results"), f"a section's letter is enough: {t.row(3)}")
    t.key(":CC;O;AD;L\r")
    check(t.row(3).startswith("Orders") and 'No command is called "AD"' in t.row(22) and "Not done: AD;L" in said(t), t.text())
    t.key(":m;DD;raw\r")
    check(t.row(3).startswith("Medicines") and "was not on the screen yet" in t.row(22) and "Not done: DD;raw" in said(t), t.text())
    # REQ: a jump stops where something is asked, and what is left of it answers nothing and does nothing.
    t.key(":c;EX;m\r")
    check("Leave wardline?" in t.row(24) and t.row(3).startswith("Cover") and "Not done: m" in t.row(22), t.text())
    t.key("n")
    t.key(":LK;SP\r")
    check(t.row(1) == "wardline - locked", t.text())
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.key("\r")
    t.key(":^\r")
    check(t.row(1).startswith("PATIENTS"), t.row(1))
    t.key("\r")
    t.key("m")
    t.key("\r")
    t.key(":^^\r")
    check(t.row(1).startswith("PATIENTS"), t.row(1))
    t.key("\r")
    t.key(":FD\r")
    check(t.row(1).startswith("PATIENTS") and t.row(24).endswith("Find:"), t.text())
    t.key("\x07")


def typed_ahead(t):
    """REQ: what was typed before a question stood on the screen does not answer it."""
    t.key("qy")
    check(t.fd >= 0 and "Leave wardline?" in t.row(24), t.text())
    t.key("n")
    t.key(":EX\ry")
    check(t.fd >= 0 and "Leave wardline?" in t.row(24), t.text())
    t.key("n")


def which_key(t):
    t.key("\r")
    before = t.text()
    t.send("g")
    raw = t.settle(first=2)  # half a second later
    spent("hint, shown", raw)
    hint = t.row(22) + "  " + t.row(23)
    check(all(re.search(rf"(^|  ){k} {title[:3]}", hint) for k, title in (("c", "Cover"), ("p", "Problems"), ("m", "Medicines"), ("u", "Forms"), ("g", "List"))), hint)
    check(t.text().split("\n")[:21] == before.split("\n")[:21], "the body is not covered")
    spent("hint, hidden", t.key(b"\x07"))
    check(t.text() == before, t.text())
    t.key("gm")
    check(t.row(3).startswith("Medicines"), t.row(3))
    t.key("\r")
    t.key("gp")
    check(t.row(3).startswith("Problems"), f"from a row in full: {t.row(3)}")
    t.key("gg")
    check(t.row(3).startswith("Sections") and t.focus().startswith("> 2 p"), t.focus())
    t.key("3\r")
    check(t.row(3).startswith("Medicines"), f"a section by its number: {t.row(3)}")
    t.key("gj")
    check(t.focus().startswith("> 2 "), f"a key that is no section is itself: {t.focus()}")
    for k in ("<", ">"):
        t.key(k)
        check(t.row(22).startswith("Nothing lies sideways here"), t.row(22))
    t.key("q")
    t.key("q")


def marks(t):
    t.key(HOME)
    t.key("3j")
    here, name = t.words(), t.words().split(",")[0]
    t.key("Ma")
    check(t.row(22).startswith("Mark a: this patient in the list."), t.row(22))
    t.key("\r")
    t.key("m")
    t.key("jj")
    row = t.focus()
    t.key("Mb")
    t.key("q")
    t.key("q")
    t.key(HOME)
    t.key("\r")
    check(not t.row(1).startswith(name), t.row(1))
    t.key("'b")
    check(t.row(1).startswith(name) and t.row(3).startswith("Medicines") and t.focus() == row, t.text())
    # REQ: a jump out of an open chart says that it is another patient's. Kills tests/mutants/ui-mark-other-unsaid.patch.
    check(t.row(22).startswith("Mark b: another patient."), f"whose mark it is: {t.row(22)}")
    t.key("c")
    t.key("'b")
    check(t.row(3).startswith("Medicines") and t.focus() == row and "another patient" not in t.row(22), f"within a chart: {t.text()}")
    t.key("l=")
    t.key("Mc")
    check(t.row(22).startswith("Mark c: this chart, at Results; not this page."), f"a page over a section: {t.row(22)}")
    for keys in ("q", "j", "T", "Md"):
        t.key(keys)
    check(t.row(22).startswith("Mark d: this chart, at Results; not this page."), f"and another: {t.text()}")
    t.key("q")
    chosen = t.focus()
    t.key("p")
    t.key("'d")
    check(t.row(3).startswith("Results") and t.focus() == chosen, f"where it leads, as it was said: {t.text()}")
    t.key("'a")
    check(t.row(1).startswith("PATIENTS") and t.words() == here and "Mark a" not in t.row(22), f"to the list: {t.focus()}")
    t.key(HOME)
    t.key("\r")
    t.key("'a")
    check(t.row(1).startswith("PATIENTS") and t.words() == here and t.row(22).startswith("Mark a: another patient."), f"to another's row in the list: {t.text()}")
    t.key("'z")
    check(t.row(22).startswith("Mark z is not set."), t.row(22))
    t.send("'")
    t.wait("A letter leads to its mark.")
    check(t.row(22) == "Marks set: a b c d", f"letters, and no name of another patient: {t.row(22)}")
    t.key(b"\x07")


def undo(t):
    t.key(":qwx\r")
    said = t.row(22)
    t.key("j")
    check("qwx" not in t.row(22), t.row(22))
    t.key("z")
    check(t.row(22) == said, f"what was said comes back: {t.row(22)}")
    t.key("/")
    t.key(tokens.token(3))
    t.key("\x07")
    check(t.row(2) == "", t.row(2))
    t.key("z")
    check(t.row(2).startswith("1 matches"), f"and the filter: {t.row(2)}")
    t.key("q")


def helps(t):
    t.key(HOME)
    t.key("?")
    n = next(int(r[1:3]) for r in t.body() if "Next page" in r)
    check(any("Nothing was dismissed" in r or "Sync with the server" in r for r in t.body()), t.text())
    t.key(f"{n}\r")
    check(t.row(1).startswith("PATIENTS") and t.focus().startswith(">19 "), f"a row of the help is done: {t.focus()}")
    t.key(HOME)
    t.key("?\r")  # the first row: Enter, to open a patient that was not on the screen
    t.key("q")
    t.key("?")
    t.key("\r")
    check(t.row(1).startswith("PATIENTS") and "was not on the screen yet" in t.row(22), t.text())


def settings(w):
    """wardline.conf changes keys; what it may not change, or cannot, is said on the lock screen and by doctor, by line."""
    folder = os.path.join(w.tmp, "config", "wardline")
    os.makedirs(folder)
    env = {"XDG_CONFIG_HOME": os.path.dirname(folder)}

    def write(text):
        with open(os.path.join(folder, "wardline.conf"), "w") as f:
            f.write(text)

    write("# ours\nbind list.next n\nunbind list.last G\nbind ask.yes Enter\nbind list.open q\n")
    with Term([WARDLINE, "--home", w.home], env=env, quiet=0.15) as t:
        t.wait("Passphrase:")
        check(said(t).startswith('wardline.conf, line 4: "ask.yes": the keys of this command cannot be changed (and 1 more line)'), said(t))
        t.send(ward.PASS + "\r")
        t.wait("kept here")
        check("n Page" in t.row(23), t.row(23))
        t.key("n")
        check(t.focus().startswith(">19 "), t.focus())
        t.key("G")
        check(t.row(22).startswith("That key does nothing here"), t.row(22))
        t.key("q")
        t.key("\r")  # REQ: Enter is no at the question, whatever the file says
        check(t.fd >= 0 and "Leave" not in t.row(24) and t.row(1).startswith("PATIENTS"), t.text())
        t.key("?")
        check(any(re.match(r"[> ][ 0-9]\d n Space PgDn", r) for r in t.body()), t.text())
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
    verdict = {c["id"]: c for c in w.json("doctor", env=env, check=False)}["settings"]
    check(verdict["verdict"] == "WARN" and "line 4" in verdict["what"] and "man wardline.conf" in verdict["next"], verdict)
    write("mouse off\n")
    verdict = {c["id"]: c for c in w.json("doctor", env=env, check=False)}["settings"]
    check(verdict["verdict"] == "OK" and verdict["what"].endswith("wardline/wardline.conf"), verdict)


def mouse(w):
    """Off by default; on, a click selects and the wheel moves, and the mode is off again whatever ends the program."""
    folder = os.path.join(w.tmp, "config", "wardline")
    with open(os.path.join(folder, "wardline.conf"), "w") as f:
        f.write("mouse on\n")
    for end in (15, 9, "q"):
        with Term([WARDLINE, "--home", w.home], env={"XDG_CONFIG_HOME": os.path.dirname(folder)}, quiet=0.15) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("kept here")
            check(b"\x1b[?1000h\x1b[?1006h" in t.raw, "asked for")
            if end == 15:
                t.key(b"\x1b[<0;20;8M")
                check(t.focus().startswith("> 5 ") and t.cursor()[0] == 8, f"a click: {t.focus()}")
                t.key(b"\x1b[<65;20;8M\x1b[<65;20;8M")
                check(t.focus().startswith("> 7 "), f"the wheel: {t.focus()}")
                t.key(b"\x1b[<64;20;8M")
                check(t.focus().startswith("> 6 "), f"the wheel: {t.focus()}")
                t.key(b"\x1b[<0;20;23M")
                check(t.focus().startswith("> 6 "), f"a click elsewhere is nothing: {t.focus()}")
                t.key("q")
                t.key(b"\x1b[<0;20;8M")
                check(t.focus().startswith("> 5 ") and "Leave" not in t.row(24), f"no answer: {t.text()}")
            if end == "q":
                t.key("q")
                t.send("y")
            else:
                t.kill(end)
            before = len(t.raw)
            for _ in range(100):
                if not t.pump(0.1) and b"?1000l" in t.raw[before:]:
                    break
            check(b"\x1b[?1006l\x1b[?1000l" in t.raw[before:], f"{end}: and given back: {t.raw[before:]}")
            t.end()
    with Term([WARDLINE, "--home", w.home], quiet=0.15) as t:
        t.wait("Passphrase:")
        check(b"?1000" not in t.raw, "off by default")


def tour(tmp):
    """The demo's first screen names the next key until it is used; it comes once, and again when it is asked for."""
    folder = os.path.join(tmp, "tour")
    os.mkdir(folder)
    with ward.Ward(folder, init=False, tour=True) as w:
        tokens.load(w, 20, 3)
        w.cli("init", "--server", w.url, "--demo")
        w.cli("sync")
        with Term([WARDLINE, "--home", w.home], quiet=0.15) as t:
            for turn in (1, 2):
                t.wait("Passphrase:")
                t.send(ward.PASS + "\r")
                t.wait("synced ")
                if turn == 1:
                    check(t.row(22).startswith("Tour 1/8: j moves down"), t.row(22))
                    t.key("%")
                    check(t.row(22).startswith("That key does nothing"), t.row(22))
                    t.key("k")
                    for step, keys in enumerate(("j", "\r", "gm", "\r", "q", "?", "qqq/")):
                        check(t.row(22).startswith(f"Tour {step + 1}/8: "), f"step {step + 1}: {t.text()}")
                        for k in keys:
                            t.key(k)
                    t.key("\x07")
                    check(t.row(22).startswith("Tour 8/8: "), t.row(22))
                    t.key(":")
                    t.key("\x07")
                    check(t.row(22) == "+ more below", t.row(22))
                else:
                    check("Tour" not in t.text(), t.row(22))
                    t.key(":tour\r")
                    check(t.row(22).startswith("Tour 1/8: "), t.row(22))
                    t.key("\x07")
                    check("Tour" not in t.text(), t.row(22))
                    t.key("\x07")
                    check(t.row(22).startswith("No tour is under way."), t.row(22))
                t.key("L")


PATIENTS = 110
with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    tokens.load(w, PATIENTS, 4)
    w.cli("init", "--server", w.url)
    w.cli("sync")
    with Term([WARDLINE, "--home", w.home], quiet=0.15) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("PATIENTS")
        t.wait("synced ")
        for part in (numbers, hundreds, several, palette, jumps, typed_ahead, which_key, marks, undo, helps):
            part(t)
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
        check(not strange(t.raw), f"bytes that no screen may send: {strange(t.raw)[:3]}")
    settings(w)
    mouse(w)
    tour(tmp)
for what, n in worst.items():
    print(f"{what:20} {n:5} of {BUDGET:5} bytes")
check.finish()
