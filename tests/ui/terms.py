#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any terminal: the same session on vt100, vt220, linux, xterm, PuTTY, tmux and screen paints the same words, keeps the cursor
on the row and sends no byte out of harness.ALLOWED; windows from 80x24 to 200x60; keys cut in pieces; themes; Latin-1 and C
locales; names wide, combining and from the right keep what stands beside them in its place; nothing is sent when nothing
changed, and little while a sync runs. Kills tests/mutants: ui-question-mark, ui-translit-unsaid, glyph-mark-dropped, glyph-unwritable-unsaid,
cli-terminal-raw, model-unwritable-cut,
ui-colour-alone, ui-sync-unthrottled.
"""
import json, os, re, subprocess, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui"), os.path.join(TOP, "tests", "tools")]
import tokens, ward
from harness import Check, Term, WARDLINE, strange
from proxy import Proxy

check = Check()
TERMS = ("xterm-256color", "vt100", "vt220", "linux", "putty", "tmux", "screen")
HOME = "\x1b[H"
TIMES = re.compile(r"\d\d-[A-Z][a-z]{2} \d\d:\d\d")


def lab(pid, i, value, flag):
    return {"resourceType": "Observation", "id": f"{pid}-x{i}", "subject": {"reference": f"Patient/{pid}"}, "status": "final", "effectiveDateTime": "2026-11-20",
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
            "code": {"text": "Potassium"}, "valueQuantity": {"value": value, "unit": "mmol/L"},
            "interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": flag}]}]}


ODD = {"wide": ("\u738b", "\u5c0f\u660e"), "combining": ("\u0928\u093f\u0930\u094d\u092e\u0932\u093e", "q\u0307\u0323"), "hebrew": ("\u05db\u05d4\u05df", "\u05d3\u05d5\u05d3"),
       "arabic": ("\u0645\u062d\u0645\u0648\u062f", "\u0639\u0644\u064a"), "emoji": ("SMILE", "\U0001f600"), "accents": ("Ang\u00e9lique", "Zo\u00eb"),
       "cyrillic": ("\u0429\u0435\u0433\u043b\u043e\u0432\u0430", "\u042e\u043b\u0438\u044f"), "greek": ("\u03a0\u03b1\u03c0\u03b1\u03b4\u03cc\u03c0\u03bf\u03c5\u03bb\u03bf\u03c2", "\u0393\u03b9\u03ce\u03c1\u03b3\u03bf\u03c2"),
       "latin2": ("\u0141uk\u00e1\u0161", "\u017dan")}


def start(w, term="xterm-256color", args=(), **k):
    t = Term([WARDLINE, "--home", w.home, *args], term=term, quiet=0.12, **k)
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.wait("synced ")
    return t


def leave(t, what):
    t.kill(15)
    check(t.end() == 0, f"{what}: ends with {t.status}")
    check(not strange(t.raw), f"{what}: bytes that no screen may send: {strange(t.raw)[:3]}")


def session(w, term):
    """The screens of a session: name and text, without times."""
    with start(w, term) as t:
        for keys in ("", "j", "G", "k", HOME, " ", "-", "/" + tokens.token(0).lower(), "\r", "m", "j", " ", "l", "\r", "r", "?", "q", "q", "b", "q", "gg", "q", "q", "q"):
            bytes_ = t.key(keys) if keys else b""
            if keys and keys in "jk" and "PATIENTS" in t.row(1):
                check(len(bytes_) <= 12 or t.row(22) == "", f"{term}: {keys!r} costs {len(bytes_)} bytes")
            if not keys.startswith("/"):
                check(t.focus() and t.cursor()[1] == 5, f"{term}: after {keys!r} the cursor is at the row's text: {t.cursor()}")
            yield keys, TIMES.sub("", t.text())
        check(not re.search(rb"\x1b\[[0-9;]*[34][0-7][;m]", t.raw), f"{term}: no colour without a theme of colour")
        leave(t, term)


def terminals(w):
    first, n = None, 0
    for term in TERMS:
        if subprocess.run(["infocmp", term], capture_output=True).returncode:
            print(f"skipped: {term}: no such entry in terminfo")
            continue
        screens = list(session(w, term))
        first = first or screens
        for (keys, want), (_, got) in zip(first, screens):
            check(got == want, f"{term}: after {keys!r} the screen is not that of {TERMS[0]}:\n{got}\n---\n{want}")
        n += 1
    check(n >= 6, f"{n} terminals were tried")


def sizes(w):
    with start(w) as t:
        t.key("/" + tokens.token(0).lower())
        t.key("\r")
        t.key("m")
        for rows, cols in ((24, 80), (25, 81), (43, 132), (60, 200), (50, 80), (24, 200), (24, 80)):
            t.resize(rows, cols)
            check(t.row(1).startswith(tokens.token(0).upper()) and t.row(3).startswith("Medicines") and t.row(rows - 1).startswith("Enter Open"), f"{rows}x{cols}:\n{t.text()}")
            check(t.focus() and t.cursor() == (4, 5), f"{rows}x{cols}: {t.cursor()}")
            check(sum(1 for r in t.body() if r) >= rows - 8, f"{rows}x{cols}: the body is filled:\n{t.text()}")
        leave(t, "sizes")


PIECES = {"down": ([b"\x1b[B", b"\x1bOB"], "j"), "up": ([b"\x1b[A", b"\x1bOA"], "k"), "page": ([b"\x1b[6~"], " "), "back": ([b"\x1b[5~"], "-"),
          "end": ([b"\x1b[F", b"\x1bOF", b"\x1b[4~"], "G"), "home": ([b"\x1b[H", b"\x1bOH", b"\x1b[1~"], "k" * 5), "help": ([b"\x1bOP", b"\x1b[11~"], "?")}


def pieces(w):
    """Each key of several bytes, cut at each of them by a slow line, is that key: what it does is what its letter does."""
    with start(w) as t:
        for name, (sequences, letter) in PIECES.items():
            t.key(HOME)
            t.key("j" * 5)
            t.key(letter)
            want = t.text(), t.cursor()
            if name == "help":
                t.key("q")
            for s in sequences:
                for cut in range(1, len(s)):
                    t.torn(lambda: (t.key("q") if t.row(3).startswith("Keys:") else None, t.key(HOME), t.key("j" * 5)), s[:cut], s[cut:], 0.09)
                    check((t.text(), t.cursor()) == want, f"{name}: {s!r} cut at {cut}: {t.cursor()} is not {want[1]}")
                    if name == "help":
                        t.key("q")
        leave(t, "pieces")


def columns(w, term, env=None, notes=True):
    """What stands beside a name stands where the heading says, whatever the name is made of."""
    with start(w, term, env=env) as t:
        heads = [t.row(3).index(h) for h in ("Born", "Sex", "Number")]
        for pid in ODD:
            t.key("/")
            t.key("\x15" + pid)
            rows = t.body()
            at = next(i for i, r in enumerate(rows) if "1958" in r)
            cells = t.screen.buffer[at + 3]
            line = "".join(cells[x].data or " " for x in range(80))
            check([line.find("06-Nov-1958"), line.find("Female"), line.find(pid)] == heads, f"{term} {pid}: columns:\n{t.text()}")
            yield pid, " ".join(" ".join(r.split()) for r in rows if r)
        t.key("\x07")
        leave(t, f"{term} {env}")
        yield "raw", t.raw


def utf8(w):
    for term in ("xterm-256color", "vt220", "screen"):
        said = dict(columns(w, term))
        for pid, (family, given) in ODD.items():
            check("(translit.)" not in said[pid], f"{term}: {said[pid]}")
        for pid in ("hebrew", "arabic"):
            check("(from right)" in said[pid], f"REQ: {term}: a name that is written from the right says so: {said[pid]}")
        check("\u05db\u05d4\u05df, \u05d3\u05d5\u05d3" in said["hebrew"], f"in the order of its letters: {said['hebrew']}")
        check(said["raw"].count(b"\x1b[8l") == 1 == said["raw"].count(b"\x1b[8h"), f"{term}: the terminal is told once to leave the order alone")


def charsets(w):
    """REQ: never a '?' in a name, and a name in other letters says so. Kills tests/mutants/ui-question-mark."""
    said = dict(columns(w, "vt100", {"LC_ALL": "C"}))
    want = {"accents": "ANGELIQUE, Zoe", "cyrillic": "SHCHEGLOVA, Iuliia", "greek": "PAPADOPOULOS, Giorgos", "latin2": "LUKAS, Zan"}
    for pid, name in want.items():
        check(said[pid].startswith("> 1 " + name) and said[pid].endswith("(translit.)"), f"C locale: {said[pid]}")
    check("<U+738B>, <U+5C0F><U+660E>" in said["wide"] and "<U+05DB>" in said["hebrew"], f"what has no ASCII: {said['wide']}")
    for pid, note in (("wide", "(NAME NOT WRITABLE HERE)"), ("hebrew", "(NAME NOT WRITABLE HERE)"), ("arabic", "(NAME NOT WRITABLE HERE)"), ("combining", "(NOT ALL WRITABLE)"), ("emoji", "(NOT ALL WRITABLE)")):
        check(said[pid].endswith(note), f"REQ: a name that cannot be read says so: {said[pid]}")
    check("".join(f"<U+{ord(c):04X}>" for c in ODD["combining"][0]) in said["combining"].replace(" ", ""), f"REQ: no sign of a name is left out: {said['combining']}")
    check(not re.search(rb"[\x80-\xff]", said["raw"]), "all of it is ASCII")
    check(not any("?" in said[p] for p in ODD), f"no question mark: {said}")
    for charset, shown in (("ISO-8859-1", "ANG\u00c9LIQUE, Zo\u00eb"), ("ISO-8859-15", "ANG\u00c9LIQUE, Zo\u00eb")):
        with tempfile.TemporaryDirectory() as dir_:
            made = subprocess.run(["localedef", "--no-archive", "-c", "-i", "en_US", "-f", charset, os.path.join(dir_, "ward")], capture_output=True)
            if made.returncode and not os.path.exists(os.path.join(dir_, "ward", "LC_CTYPE")):
                print(f"skipped: {charset}: localedef cannot make it")
                continue
            order = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
            env = {"LC_ALL": "ward", "WARD_LOCPATH": dir_, "LD_PRELOAD": os.path.join(BUILD, "tests/tools/locpath.so"), "ASAN_OPTIONS": order.lstrip(":")}
            with Term([WARDLINE, "--home", w.home], term="vt100", quiet=0.12, env=env) as t:
                t.stream.select_other_charset("@")  # pyte takes the bytes for Latin-1
                t.wait("Passphrase:")
                t.send(ward.PASS + "\r")
                t.wait("kept here")
                t.wait("synced ")
                for pid, note in (("accents", False), ("latin2", charset == "ISO-8859-1"), ("cyrillic", True)):
                    t.key("/")
                    t.key("\x15" + pid)
                    row = t.row(4)
                    check(("(translit.)" in " ".join(t.body())) == (note or pid == "latin2"), f"{charset}: {row}")
                    check(row.index("06-Nov-1958") == t.row(3).index("Born"), f"{charset}: {row}")
                    if pid == "accents":
                        check(row.startswith("> 1 " + shown), f"{charset}: what it has is itself: {row}")
                    if pid == "cyrillic":
                        check(row.startswith("> 1 SHCHEGLOVA, Iuliia"), f"{charset}: {row}")
                leave(t, charset)


def unwritable(w):
    """Names that the terminal cannot write, in a chart and by list and show: in the banner the words stand where the name would be
    cut to a part that tells nobody apart; on a terminal list and show say what the screen says; a pipe gets the bytes as they are.
    Kills tests/mutants: glyph-mark-dropped, glyph-unwritable-unsaid, cli-terminal-raw, model-unwritable-cut."""
    env = {"LC_ALL": "C"}
    with start(w, "vt100", env=env) as t:
        for pid, said in (("arabic", "NAME NOT WRITABLE HERE [+] Born 06-Nov-1958 "), ("wide", "NAME NOT WRITABLE HERE [+] Born 06-Nov-1958 "), ("emoji", "SMILE [+] (NOT ALL WRITABLE) Born 06-Nov-1958 ")):
            t.key("/")
            t.key("\x15" + pid)
            t.key("\r")
            check(t.row(1).startswith(said) and t.row(1).endswith(" No. " + pid), f"the banner of {pid}: {t.text()}")
            t.key("b")
            body = " ".join(" ".join(t.body()).split())
            check("This terminal cannot write all letters of the name: go by the birth date and the number" in body, f"in full: {t.text()}")
            check("".join(f"<U+{ord(c):04X}>" for c in ODD[pid][1]) in body.replace(" ", ""), f"and each letter: {t.text()}")
            t.key("q")
            t.key("q")
        leave(t, "unwritable")
    want = {"wide": "<U+738B>, <U+5C0F><U+660E> (NAME NOT WRITABLE HERE)  06-Nov-1958", "cyrillic": "SHCHEGLOVA, Iuliia (translit.)  06-Nov-1958", "latin2": "LUKAS, Zan (translit.)  06-Nov-1958"}
    for words in (("list",), ("show", "wide"), ("show", "cyrillic"), ("show", "latin2")):
        with Term([WARDLINE, "--home", w.home, *words], term="vt100", rows=60, cols=200, env=env) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            check(t.end() == 0 and not re.search(rb"[\x80-\xff?]", t.raw), f"{words}: {t.status} {t.raw}")
            said = t.raw.decode().replace("\r", "")
            for pid, line in want.items():
                if words == ("list",):
                    check(f"{pid}  {line}" in said, f"list: {line}: {said}")
                elif words[1] == pid:
                    check(line.split("  ")[0] + "\n" in said, f"show {pid}: {said}")
    piped = w.cli("list", env=env).stdout
    check("\u738b, \u5c0f\u660e  06-Nov-1958" in piped and "WRITABLE" not in piped, f"a pipe gets the name: {piped}")


def themes(w):
    """REQ: the words are the same in every theme; a colour is never all that says it. Kills tests/mutants/ui-colour-alone."""
    texts = {}
    for theme in ("thin", "mono", "colour", "contrast", "marked"):
        with start(w, args=["--theme", theme]) as t:
            t.key(HOME)
            moves = [len(t.key("j")) for _ in range(6)] + [len(t.key("k")) for _ in range(4)]
            if theme in ("thin", "marked"):
                check(max(moves) <= (12 if theme == "thin" else 64), f"{theme}: moves cost {moves}")
            if theme == "marked":
                check(t.screen.buffer[t.screen.cursor.y][4].reverse and not t.screen.buffer[t.screen.cursor.y][40].reverse, "the name at the marker is reversed")
            t.key("/accents")
            t.key("\r")
            t.key("l")
            y = next(i for i, r in enumerate(t.screen.display) if "Potassium" in r and "6.8 mmol" in r)
            plain = next(i for i, r in enumerate(t.screen.display) if "Potassium" in r and "4.1 mmol" in r)
            cell, other = t.screen.buffer[y][20], t.screen.buffer[plain][20]
            texts[theme] = TIMES.sub("", t.text())
            check("HH" in t.screen.display[y] and "[HH]" in t.text(), f"{theme}: the flag in letters: {t.screen.display[y]}")
            apart = (cell.fg, cell.bg, cell.bold, cell.underscore) != (other.fg, other.bg, other.bold, other.underscore)
            check(apart == (theme not in ("thin", "marked")), f"{theme}: {cell} beside {other}")
            t.kill(15)
            check(t.end() == 0, theme)
            bare = re.sub(rb"\x1b\[(3[0-79]|4[0-79]|39;49)m", b"", t.raw)
            check(not strange(bare), f"{theme}: {strange(bare)[:3]}")
    check(len(set(texts.values())) == 1, "the same words:\n" + "\n---\n".join(texts.values()))
    r = subprocess.run([WARDLINE, "--home", w.home, "--theme", "pink", "--line"], input=b"", capture_output=True, env=ward.environment())
    check(r.returncode == 1 and b"pink" in r.stderr, f"no such theme: {r}")


def quiet(w):
    """Nothing is sent when nothing changed."""
    with start(w, "vt100") as t:
        t.settle(quiet=2, first=2)
        before, end = len(t.raw), time.monotonic() + 60
        while time.monotonic() < end:
            t.pump(1)
        check(len(t.raw) == before, f"a minute without a key: {t.raw[before:]!r}")
        leave(t, "quiet")


def syncing(tmp):
    """While a sync runs: at most 60 bytes in 5 s, and each key is answered."""
    with ward.Ward(tmp, init=False) as w:
        tokens.load(w, 60, 30)
        with Proxy(w.url.split("//")[1].split("/")[0], "--rate", "0", "30000") as p:
            w.cli("init", "--server", f"http://127.0.0.1:{p.port}/fhir")
            with Term([WARDLINE, "--home", w.home], term="vt100", quiet=0.12) as t:
                t.wait("Passphrase:")
                t.send(ward.PASS + "\r")
                t.wait("fetching")
                t.wait("60 kept here")  # an empty list fills with what came first
                t.settle(quiet=0.5, first=1)
                windows, frames = [], 0
                while len(windows) < 6 and "fetching" in t.row(24):
                    before, end = len(t.raw), time.monotonic() + 5
                    while time.monotonic() < end and "fetching" in t.row(24):
                        frames += t.pump(0.2)
                    if "fetching" in t.row(24):
                        windows.append(len(t.raw) - before)
                check(len(windows) >= 2 and frames > 0, f"the sync ran for {len(windows)} windows of 5 s: {t.row(24)}")
                check(windows and max(windows) <= 60, f"bytes in 5 s: {windows}")
                print(f"while a sync runs: {windows} bytes in 5 s")
                t.kill(15)
                check(t.end() == 0, "it ends in the middle of a sync")


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    tokens.load(w, 50, 1)
    tokens.load(w, 1, 60)
    w.put(*(ward.person(pid, *name) for pid, name in ODD.items()), lab("accents", 1, 6.8, "HH"), lab("accents", 2, 4.1, "N"))
    w.cli("init", "--server", w.url)
    w.cli("sync")
    terminals(w)
    sizes(w)
    pieces(w)
    utf8(w)
    charsets(w)
    unwritable(w)
    themes(w)
    quiet(w)
with tempfile.TemporaryDirectory() as tmp:
    syncing(tmp)
check.finish()
