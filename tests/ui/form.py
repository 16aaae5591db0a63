#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A form at a chart, by keys, on a vt100 of 80x24: vital signs, an allergy, a PHQ-9, a
vaccination, an antenatal contact, a referral with its task and a visit are filled and filed, and what the server
then has is what `form test` says of the same answers. A kill loses the field that is being typed and no more; two y file once;
what no longer applies is not sent; a field costs at most 200 bytes; line mode does the same by its numbers.
Kills tests/mutants: form-draft-unsaved, filing-unread, form-type-ahead, form-draft-overwritten.
"""
import json, os, re, subprocess, sys, tempfile, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, p) for p in ("tests", "tests/ui", "tests/tools")]
import ward
from badline import Line
from harness import Check, Term, WARDLINE

check = Check()
TYPES = ("QuestionnaireResponse", "Observation", "AllergyIntolerance", "Immunization", "ServiceRequest", "Task", "Encounter", "Provenance")
FORMS = {"vitals": "Vital signs", "allergy": "Allergy or intolerance", "phq9": "PHQ-9", "immunization": "Vaccination", "anc": "Antenatal contact",
         "referral": "Referral", "visit": "Visit"}  # the visit last: what is filed behind it is of it


def start(w, *args, env=None):
    return Term([WARDLINE, "--home", w.home, *args], term="vt100", env=ward.environment({**w.extra, "TERM": "vt100", "XDG_CONFIG_HOME": w.tmp, **(env or {})}))


def chart(t, who="/adams\r"):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    t.wait("synced ")
    t.key("/" + who.strip("/\r"))
    t.send("\r")
    t.wait("Cover")


def new(t, words):
    """N, and the row that begins so."""
    t.send("N")
    t.wait("NEW ENTRY")
    for _ in range(30):
        if t.words().startswith(words):
            break
        t.key("j")
    check(t.words().startswith(words), f"a row {words}: {t.text()}")
    t.key("\r")


def answer(t, name, typed):
    """To the question of that name by ^, Enter, what is typed, Enter; the bytes from the second Enter on."""
    t.key(f"^{name}\r")
    t.key("\r")
    raw = t.key("\x15" + typed) + t.key("\r")
    t.key("\x07")
    return raw


def lines(name):
    """The answers of a table of tests/forms, as one line of a terminal takes them."""
    text = open(os.path.join(TOP, "tests/forms", name + ".tsv"), encoding="utf-8").read().replace("\\n", " ")
    return [line.split("\t") for line in text.splitlines() if line]


def fill(t, rows):
    for path, typed in rows:
        if path[0] == "+":
            t.key(f"^{path[1:]}\r")
            t.key("+")
        else:
            answer(t, path, typed)


def file(t):
    t.send("F")
    t.wait("READ BACK")
    while not re.search(r"Page (\d+) of \1$", t.row(3)):
        t.key(" ")
    page = t.text()
    t.send("y")
    t.wait("Filed: NOT SENT yet")
    return page


# --- what the server has ------------------------------------------------------------------------------

def canonical(resources, ids):
    """Without what differs each time: ids, times of now, what the server adds."""
    out = []
    for r in resources:
        r = {k: v for k, v in r.items() if k not in ("id", "meta", "text")}
        s = json.dumps(r, sort_keys=True)
        for old, kind in ids.items():
            s = s.replace(old, kind + "/#")
        out.append(re.sub(r'"20\d\d-\d\d-\d\dT[^"]*"', '"T"', s))
    return sorted(out)


def at_server(w):
    found = []
    for kind in TYPES:
        with urllib.request.urlopen(f"{w.url}/{kind}?_count=200") as a:
            found += [e["resource"] for e in json.load(a).get("entry", [])]
    return found


def expected(w, form, rows):
    """What `form test --extract` says of the same answers."""
    def put(name, text):
        path = os.path.join(w.tmp, name)
        open(path, "w", encoding="utf-8").write(text)
        return path
    p = subprocess.run([WARDLINE, "--home", "/nonexistent", "form", "test", "--extract", "--patient",
                        put("p.json", json.dumps({"resourceType": "Patient", "id": "p1"})), os.path.join(TOP, "forms", form + ".json"),
                        put("answers", "".join(f"{a}\t{b}\n" for a, b in rows))], capture_output=True, text=True, env=ward.environment({"TZ": "UTC"}))
    entries = json.loads(p.stdout)["entry"]
    return canonical([e["resource"] for e in entries], {e["fullUrl"]: e["resource"]["resourceType"] for e in entries})


def same(w, form, rows, before):
    """The server has exactly that more than before."""
    fresh = [r for r in at_server(w) if r["id"] not in before]
    got, want = canonical(fresh, {f"{r['resourceType']}/{r['id']}": r["resourceType"] for r in fresh}), expected(w, form, rows)
    check(got == want, f"{form}: the server has what form test says:\n got {got}\nwant {want}")
    return before | {r["id"] for r in fresh}


# --- the tests ------------------------------------------------------------------------------------------

def by_keys(w):
    have = set()
    for form in FORMS:
        rows = lines(form)
        with start(w) as t:
            chart(t)
            new(t, FORMS[form])
            check("ADAMS" in t.row(1), "the banner stands above it")
            if form == "phq9":
                check(re.search(r"  9 to answer  ", t.row(3)), f"counted: {t.row(3)}")
            fill(t, rows)
            check("F files it" in t.row(3), f"{form}: nothing is left: {t.text()}")
            page = file(t)
            check("NOT NAMED: filed, not signed" in page, f"nobody is named, in words: {page}")
            check("Cover" in t.row(3) and "ADAMS" in t.row(1), f"back in the chart: {t.text()}")
            n = re.search(r"Will be written +(\d+) entries: Forms 1", page)
            check(n and f"Filed: NOT SENT yet, {n[1]} entries" in t.text() and f"{n[1]} NOT SENT" in t.row(2), f"one count, read back, said, and in the banner: {t.text()}\n{page}")
            if form == "vitals":
                check("Blood pressure 128/82" in t.text() and "panel" not in t.text(), f"by the clinic's name: {t.text()}")
        check(not w.json("queue") == [], "it waits")
        w.cli("sync")
        check(w.json("queue") == [], f"all of it went: {w.json('queue')}")
        have = same(w, form, rows, have)


def killed(w):
    """A kill at any moment loses what is in the prompt, and no more."""
    with start(w) as t:
        chart(t)
        new(t, "Vital signs")
        answer(t, "sys", "131")
        answer(t, "dia", "79")
        t.key("^hr\r")
        t.key("\r88")
        t.kill(9)
    with start(w) as t:
        chart(t)
        new(t, "Vital signs")
        check(re.search(r"Vital signs +DRAFT of ", t.focus()), f"the list has it, first: {t.text()}") if "NEW ENTRY" in t.text() else None
        page = t.text()
        check("131 mmHg" in page and "79 mmHg" in page and "88" not in page, f"what was taken is there, what was being typed is not: {page}")
        # The plain row does not write over it.
        t.key("q")
        t.wait("DRAFT of")
        t.key("G\r")
        check("A draft of it is kept" in t.text() and "NEW ENTRY" in t.text(), f"no second one: {t.text()}")
        t.key("H")
        t.key("x")
        check("Discard this draft for good?" in t.row(24), t.row(24))
        t.key("n\r")
        check("DRAFT of" in t.text() and "Not discarded" in t.text(), t.text())
        t.key("x")
        t.send("y\r")
        t.wait("The draft is discarded.")
        check("DRAFT of" not in t.text(), t.text())


def twice(w):
    """Two y, and y before the page can be read: one filing."""
    before = len(at_server(w))
    with start(w) as t:
        chart(t)
        new(t, "Allergy")
        answer(t, "what", "An allergy or intolerance")
        answer(t, "substance", "Penicillin")
        t.key("F")
        check("NOT YET: 3 questions" in t.text(), f"required ones are named: {t.text()}")
        answer(t, "what", "No known allergies")
        check("Penicillin" not in t.text(), "what does not apply is not shown")
        t.key("Fy")
        check("NOT FILED" in t.text() and "READ BACK" in t.row(3), f"not before it was read: {t.text()}")
        check("Penicillin" not in t.text(), "nor read back")
        t.send("yy")
        t.wait("Cover")
    check(len(w.json("queue")) == 3, f"filed once: {w.json('queue')}")
    w.cli("sync")
    fresh = at_server(w)[:]
    check(len(fresh) == before + 3 and not any("Penicillin" in json.dumps(r) for r in fresh), f"{len(fresh)} after {before}")


def answers(w):
    """Readings are asked back; what was typed ahead of a question answers none; limits are words."""
    with start(w, env={"TZ": "Asia/Kolkata"}) as t:
        chart(t)
        new(t, "Vital signs")
        check(re.search(r"1 of 10 answered, none required left: F files it", t.row(3)), f"how much is answered: {t.row(3)}")
        check("synced " in t.row(24), f"the sync's state stands below a form: {t.row(24)}")
        t.key("^sys\r")
        t.key("\rabc\r")
        check("A number is wanted here, as in 165 mmHg." in t.text(), f"letters: {t.text()}")
        t.key("\x07")
        t.key("^taken\r")
        t.key("\r")
        shown = re.search(r"Taken at +(\d\d-\w{3}-\d{4} \d\d:\d\d)$", t.text(), re.M)
        check(shown and t.row(24).endswith("leaves): " + shown[1]), f"a time as it is typed, on the clock here: {t.text()}")
        t.key("\x15" + (shown[1] if shown else "") + "\r\x07")
        check(shown and re.search(r"Taken at +" + shown[1] + "$", t.text(), re.M), f"and read as it was: {t.text()}")
        t.key("^wt\r")
        t.key("\r")
        t.key("1.000 kg\r")
        check("1000 kg" in t.text() and "1.000 kg" in t.text() and "Which number is meant" in t.row(24), f"asked: {t.text()}")
        t.key("\x07")
        check(re.search(r"Weight +____", t.text()), "and nothing was set")
        t.key("\r")
        t.key("1.000 kg\r1\r")  # the reading was not on the screen yet
        check("Which number is meant" in t.row(24) and "Not taken" in t.text(), f"typed ahead: {t.text()}")
        t.key("\x07")
        answer(t, "temp", "50 Cel")
        check("!!" in t.text(), f"a hard limit in words: {t.text()}")
        t.key("F")
        check("NOT YET" in t.text(), "and it cannot be filed")
        answer(t, "temp", "")
        answer(t, "temp", "37.2 Cel")
        t.key("^nothing like it\r")
        check("No question here is called so" in t.text(), t.text())
        t.key("^weight\r")
        check("Weight" in t.focus(), f"by its words: {t.focus()}")
        t.key("^hr\r")
        t.key("\r")
        worst = 0
        for value in ("72", "18", ):
            worst = max(worst, len(t.key(value) + t.key("\r")))
        check(worst <= 200, f"a field costs {worst} bytes")
        t.key("\x07")
        t.send("q")
        t.wait("The draft is kept on this device")
        t.key("q")
        check("Cover" in t.row(3), t.text())
    with start(w) as t:
        chart(t)
        new(t, "PHQ-9")
        t.key("^q2\r")
        t.key("\r")
        worst = 0
        for value in "4444":
            worst = max(worst, len(t.key(value) + t.key("\r")))
        check(worst <= 200, f"a choice costs {worst} bytes")
        t.key("\x07")
        t.key("-")
        t.send("q")
        t.wait("The draft is kept on this device")
    for form, first, typed in (("TB symptom", "fever", "nnnn"), ("EPDS", "e2", "1201"), ("Antenatal", "gravida", "1")):
        with start(w) as t:
            chart(t)
            new(t, form)
            t.key(f"^{first}\r")
            t.key("\r")
            worst = max(len(t.key(value) + t.key("\r")) for value in typed)
            check(worst <= 200, f"{form}: a field costs {worst} bytes")
            t.key("\x07")
            t.send("q")
            t.wait("The draft is kept on this device")


def by_line(w):
    """Line mode: the same commands; a row's number, then the answer on a line of its own."""
    script = ward.PASS + "\n/adams\n1\nN\n"
    p = subprocess.run([WARDLINE, "--home", w.home, "--line"], input=script, capture_output=True, text=True,
                       env=ward.environment({**w.extra, "TERM": "dumb", "XDG_CONFIG_HOME": w.tmp}))
    check("NEW ENTRY" in p.stdout and "drafts stay on this device" in p.stdout, f"line mode: {p.stdout[-1500:]}")
    rows = re.findall(r"^\s*(\d+)\s+(Allergy or intolerance)\b", p.stdout, re.M)
    check(rows, p.stdout[-800:])
    script += f"{rows[-1][0] if rows else 1}\n1\n2\nF\ny\nq\nq\n"
    p = subprocess.run([WARDLINE, "--home", w.home, "--line"], input=script, capture_output=True, text=True,
                       env=ward.environment({**w.extra, "TERM": "dumb", "XDG_CONFIG_HOME": w.tmp}))
    check("READ BACK" in p.stdout and "Filed: NOT SENT yet, 3 entries" in p.stdout, f"line mode files: {p.stdout[-3000:]}")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, quick=True, sync=False) as w:
        w.put(ward.person("p1", "ADAMS", "Ann"), ward.person("p2", "BELL", "Ben", birth="1971-02-03"))
        w.cli("sync")
        by_keys(w)
        twice(w)
        killed(w)
        answers(w)
        by_line(w)
    return check.finish()


sys.exit(main())
