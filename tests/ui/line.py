#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Line mode: a whole reading session by a pipe and on TERM=dumb. The rows of every section of every chart are what `show`
says, line by line as the full screen wraps them; the pages of a session are those of the full screen of the same profile,
word for word; no byte is a control but the end of a line; each answer is what is new. Kills tests/mutants: line-escape,
line-unechoed, line-unseen-number, line-page-unnamed, line-offline-unsaid, line-offline-so-far.
"""
import json, os, re, select, subprocess, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), d) for d in ("tests", "tests/ui", "tests/tools")]
import glass, tokens, ward
from proxy import Proxy
from lines import Line
from harness import Check, Term, WARDLINE

check = Check()
AGE = re.compile(r"as of \d\d-\w{3} \d\d:\d\d")
NUMBER = re.compile(r"^(?:  \d| \d\d) (.*)$")


def body(lines):
    """(the rows' lines without their numbers, what stands above them)."""
    rows, above, plain = [], [], not any(NUMBER.match(x) for x in lines)
    for line in lines:
        m = NUMBER.match(line)
        if m:
            rows.append(m[1])
        elif line.startswith("    ") and (rows or plain) and not re.search(r"Page \d+ of \d+$", line):
            rows.append(line[4:])
        elif not rows:
            above.append(line)
    return rows, above


def clean(raw, what):
    bad = re.findall(rb".{0,20}[\x00-\x09\x0b-\x1f\x7f].{0,20}|.{0,20}\xc2[\x80-\x9f].{0,20}", raw)
    check(not bad, f"{what}: a control in line mode: {bad[:3]}")


def sections(shown, l):
    """Every row of every chart, by number from the worklist."""
    rows_seen, charts = 0, 0
    for p, show in shown:
        number = p["identifiers"][0] if p["identifiers"] else p["name"]
        found = l.say("/" + number)
        rows, _ = body(found)
        if not check(len(rows) >= 1, f"/{number} finds: {found}"):
            continue
        head = l.say("1")
        if head[0].startswith("STOP:"):  # the page that tells similar patients apart, in the same words
            right = [x.split()[0] for x in head if NUMBER.match(x) and p["identifiers"][0] in x]
            time.sleep(0.6)  # what comes at once was not read
            head = l.say(right[0])
        check(head[0].startswith(p["name"][:5]), f"the banner first: {head[:2]}")
        charts += 1
        for name, title, key in glass.sections():
            if name == "cover":  # made for the size of a page: it is what the full screen shows, below
                continue
            lines = l.say(key)
            want = glass.Rows(show["sections"][name])
            while True:
                rows, above = body(lines)
                wrong = next(filter(None, (want.take(r) for r in rows)), None)
                check(not wrong, f"{p['id']} {name}: {wrong}")
                rows_seen += len(rows)
                if "next page" not in l.prompt:
                    break
                lines = l.say("")
            check(want.whole(), f"{p['id']} {name}: ends before {want.rest!r}")
        back = l.say("q")
        check(back[0].startswith(p["name"][:5]) and any(x.startswith("Cover ") for x in back), f"q leads from a section to the cover: {back[:3]}")
        back = l.say("q")
        check(back[0].startswith("PATIENTS"), f"q: {back[:1]}")
    l.say("")  # all patients again
    return charts, rows_seen


STEPS = [("1", "\r"), ("m", "m"), ("2", "j\r"), ("c", "c"), ("r", "r"), ("?", "?"), ("q", "q"), ("q", "q"), ("b", "b"), ("q", "q"), ("l", "l"),
         ("", " "), ("?", "?"), ("q", "q")]
TIMES = re.compile(r"  as of [^ ]+ [^ ]+|  +Page .*")


def on_screen(w, token):
    """What the full screen shows after each step: its body, its focus, its text."""
    with Term([WARDLINE, "--home", w.home], quiet=0.15) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("kept here")
        t.wait("synced ")
        t.key("/")
        t.key(token)
        for _, keys in STEPS:
            t.key(keys)
            yield [r[4:].rstrip() for r in t.body() if r.strip()], t.focus()[4:].rstrip(), t.text()
        t.kill(15)
        t.end()


def same_as_screen(w, token):
    """The same session on both: the body of each page, and the rows above."""
    screens = list(on_screen(w, token))
    l = Line(w)
    l.answer()
    l.say("/" + token)
    for (words, _), (lines, focus, text), before in zip(STEPS, screens, [None] + [x[0] for x in screens]):
        rows, above = body([x for x in l.say(words) if x])
        rows, lines = ([AGE.sub("as of then", r.rstrip()) for r in x] for x in (rows, lines))  # the minute may turn between the two
        if not rows and lines == [AGE.sub("as of then", r) for r in before or []]:  # nothing is new, and nothing is said
            continue
        if len(rows) == 1 and len(lines) > 1:  # only the marker moved: that row alone is said
            check(rows[0] == AGE.sub("as of then", focus), f"{words!r}: {rows} is not {focus!r}")
        else:
            check(rows == lines, f"{words!r}: line mode says\n" + "\n".join(rows) + "\nthe screen\n" + "\n".join(lines))
        for r in above[:3]:
            if not r.startswith(("number ", "Enter ", "synced ", "offline so far")):
                check(TIMES.sub("", r) in text, f"{words!r}: {r!r} is not on the screen:\n{text}")
    code, err = l.end()
    check(code == 0, f"the end of the commands: {code} {err}")
    return l.raw


def answers(w, l):
    """Each says what is new and nothing twice."""
    l.say("q")
    l.say("n")
    first = l.say("j")
    check(len(body(first)[0]) == 1 and first[0].startswith("  2 "), f"a move says the row: {first}")
    check(l.say("k")[0].startswith("  1 "), "and back")
    told = l.say("no such word")
    check(len(told) == 1 and "no such word" in told[0], f"an unknown word: {told}")
    again = l.say("Ctrl-L")
    check(again[0].startswith("PATIENTS") and len(body(again)[0]) > 10, f"Ctrl-L says all of it again: {again}")
    check(l.say("%")[0].startswith("That does nothing here. ? = help"), "an unknown key")
    check(l.say("99999")[0].startswith("No row 99999 was printed last."), "a number that is not there")
    check(l.say("99999999999999999999999")[0].startswith("No row 1000000000 was"), "nor any")
    l.say("/" + tokens.token(0))
    l.say("1")
    told = l.say("g")
    check(any("m Medicines" in x or "m Med" in x for x in told), f"g waits for a letter, and names them: {told}")
    # REQ: each page of a chart says whose it is. Kills tests/mutants/line-page-unnamed.patch.
    for typed, title, what in (("m", "Medicines ", "which goes there"), ("problems", "Problems ", "a section by its name"), (":medicines;results", "Results ", "several, by the palette")):
        told = l.say(typed)
        check(re.match(rf"{tokens.token(0).upper()}, .*  Born \d\d-\w{{3}}-\d{{4}}", told[0]) and told[1].startswith(title), f"{what}, and whose it is: {told[:3]}")
    check(len(body(l.say("j"))[0]) == 1 and len(l.say("j")) == 1, "a move says the row alone")
    check(l.say("2j")[0].startswith("  5 "), "a count before a key that moves")
    l.say("q")
    l.say("q")
    l.say("q")
    l.say("/pemb")
    told = l.say("1 L")
    check(told[0].startswith("  1 PEMBERTON") and told[1] == "wardline - locked", f"REQ: what a command is done to is said first: {told}")
    check(l.prompt == "Passphrase: ", l.prompt)
    check(not body(l.say("wrong"))[0], "a wrong passphrase shows nothing")


def fails(w):
    for fd, given, code, why in ((False, b"", 1, "--passphrase-fd"), (True, b"j\n", 5, "that passphrase does not open")):
        l = Line(w, fd=fd, passphrase="wrong")
        out, err = l.p.communicate(given, timeout=60)
        check(l.p.returncode == code and why in err.decode(), f"exit {l.p.returncode}: {err!r}")
        check(b"PATIENTS" not in out and b"\x1b" not in out, f"{out!r}")
    r = subprocess.run([WARDLINE, "--home", w.home], input=(ward.PASS + "\n/pemb\n1\n").encode(), capture_output=True, env=ward.environment({"TERM": "dumb"}), timeout=60)
    check(r.returncode == 0 and b"PEMBERTON, Rosalind  Born 06-Nov-1958" in r.stdout, f"the first line is the passphrase: {r.stdout[-300:]!r} {r.stderr!r}")
    check(ward.PASS.encode() not in r.stdout, "which is not said back")
    token = tokens.token(0)
    r = subprocess.run([WARDLINE, "--home", w.home], input=f"{ward.PASS}\n\\{token}\n1\n".encode(), capture_output=True, env=ward.environment({"TERM": "dumb"}), timeout=60)
    told = r.stdout.decode().split(f"Search in all charts: {token}")[-1]
    check(r.returncode == 0 and "charts searched" in told and f"{token.upper()}, Anna" in told.split("charts searched")[-1], f"a script's line behind a search of all charts waits for it: {told[-600:]!r}")
    long = Line(w)
    long.answer()
    told = long.say("x" * 100000)
    check(any("too long" in x for x in told), f"a line without measure: {told}")
    check(long.say("/pemb")[1].startswith('2 match "pemb"'), "and the next is whole")
    check(long.end()[0] == 0, "ends")


def dumb(w, term, args, why):
    """A person at a terminal that has no cursor to place."""
    with Term([WARDLINE, "--home", w.home, *args], term=term, quiet=0.3) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("Enter = next page>")
        check(ward.PASS not in t.raw.decode(), f"{why}: the passphrase is not echoed")
        said = len(t.raw)
        t.pump(3)
        check(len(t.raw) == said, f"{why}: nothing is said unasked: {t.raw[said:]!r}")
        t.send("/pemb\n1\n")  # in one go: the number was typed before the rows were there
        t.wait("Not chosen: the rows were not")
        check(t.text().count("twins-a SIMILAR NAME") == 1, f"a mark that is a column too wide stands a blank closer, not broken: {t.text()}")
        t.send("1\n")
        check("SIMILAR NAM\n" not in t.text(), "a wide row is broken between words")
        t.wait("PEMBERTON, Rosalind  Born")
        t.send("q\n")
        t.settle()
        t.send("s\n")
        t.wait("new or changed")
        t.send("\n\nq\n")
        t.settle()
        t.send("y\n")
        check(t.end() == 0, f"{why}: y leaves: {t.status}")
        clean(t.raw.replace(b"\r\n", b"\n"), why)
        check(t.raw.count(b"fetching") <= 2, f"{why}: a sync says that it began, once: {t.raw.count(b'fetching')}")


def charset(w):
    l = Line(w, env={"LC_ALL": "C", "LANG": "C"})
    l.answer()
    told = l.say("/acute")
    check(body(told)[0][0].startswith("ANGELIQUE, Zoe ") and body(told)[0][0].endswith("(translit.)"), f"{told}")
    told = l.say("1")
    check(told[0].startswith("ANGELIQUE, Zoe (translit.)  Born 06-Nov-1958"), f"the banner says it too: {told}")
    told = l.say("b")
    check(any("E = U+00C9, e = U+00EB" in x for x in told), f"and its code points: {told}")
    check(l.end()[0] == 0 and not re.search(rb"[\x80-\xff]", l.raw), "all of it is ASCII")


def offline(w):
    """REQ: without a link each page's heading says so, and how old what it shows is, in days too. Kills tests/mutants/line-offline-unsaid.patch
    and offline-days-unsaid.patch."""
    w.stop_server()
    l = Line(w)
    told, end = l.answer(), time.monotonic() + 60
    while not any(x.startswith("offline, ") for x in told) and time.monotonic() < end:  # it has tried
        time.sleep(0.2)
        told = l.say("k")
    for typed, title in (("/" + tokens.token(0), "PATIENTS"), ("1", "Cover "), ("m", "Medicines "), ("", "Medicines "), ("l", "Results "), ("1", "Hemoglobin"), ("q", "Results ")):
        told = l.say(typed)
        heading = told[:next((i for i, x in enumerate(told) if NUMBER.match(x)), len(told))]
        check(any(x.startswith(title) for x in heading) or typed == "1", f"{typed!r}: {told[:5]}")
        said = [x for x in told if re.match(r"offline, kept here as of \d\d-\w{3} \d\d:\d\d", x)]
        check(len(said) == 1 and told.index(said[0]) < 5, f"{typed!r}: no link, once, at the head: {told}")
    l.end()
    os.unlink(os.path.join(w.home, "tour.seen"))
    forward = int((time.time() - 1795426200) / 60) + 3 * 24 * 60 + 60  # of tests/tools/fixed_clock.c
    l = Line(w, env={"LD_PRELOAD": os.path.join(ward.BUILD, "tests/tools/fixed_clock.so"), "FIXED_CLOCK_MINUTES": str(forward),
                     "ASAN_OPTIONS": (os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0").lstrip(":")})
    told = l.answer()
    check(any(re.match(r"offline.*, kept here as of .*, 3 days old$", x) for x in told), f"how many days: {told}")
    check(not any("Tour 1/8" in x for x in told), f"no tour of keys that lines do not have: {told}")
    l.end()


def trying(w):
    """REQ: also the first pages say it, while the sync of the unlocking still tries and nothing answers."""
    home, w.home = w.home, w.home + "-tries"
    with Proxy(f"127.0.0.1:{w.url.split(':')[2].split('/')[0]}") as line:
        w.cli("init", "--server", f"http://127.0.0.1:{line.port}/fhir")
        w.cli("sync")
        line("hang")
        l = Line(w)
        told = l.answer()
        for typed in (None, "/" + tokens.token(0), "1", "m", "q", "q"):
            told = l.say(typed) if typed else told
            said = [x for x in told if re.match(r"offline so far, kept here as of \d\d-\w{3} \d\d:\d\d$", x)]
            check(len(said) == 1, f"{typed!r}: no answer so far, once: {told}")
        l.end()
    w.home = home


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    tokens.load(w, 26, 6)
    tokens.load(w, 1, 40)
    w.put(ward.person("twins-a", "PEMBERTON", "Rosalind"), ward.person("twins-b", "PEMBERTON", "Rosalind"), ward.person("acute", "Ang\u00e9lique", "Zo\u00eb"),
        ward.person("evil", "ROGUE\x1b]0;pwned\x07\u202e", "Bad\nName"))
    w.cli("init", "--server", w.url, "--demo")
    w.cli("sync")
    shown = [(p, w.json("show", p["id"])) for p in w.json("list")]
    l = Line(w)
    l.answer()
    charts, rows = sections(shown, l)
    answers(w, l)
    l.end()
    clean(l.raw, "by a pipe")
    check(b"<ESC>]0;" in l.raw, "the hostile name was said")
    clean(same_as_screen(w, tokens.token(0)), "the session")
    fails(w)
    dumb(w, "dumb", [], "TERM=dumb")
    dumb(w, "no-such-term", [], "an unknown TERM")
    dumb(w, "xterm-256color", ["--line"], "--line")
    charset(w)
    trying(w)
    offline(w)
    check(charts > 25 and rows > 400, f"{charts} charts, {rows} lines")
    print(f"{charts} charts, {rows} lines of rows, {len(l.raw)} bytes")
check.finish()
