#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hostile texts of nasty/make-nasty.py in every free text of a chart with something in every section: a patient a text.
The same ward is served again with what base/text.c makes of each text (tests/ui/safe_text): each screen of the one, read
off the pty, equals that of the other, in text and cursor: list, banner, every section, and a row of each in full. No screen
holds a control or bidi character, and no byte of the stream is outside of the allow-list. A raw resource is the one part that
differs by right (it is JSON, and escapes in its own way): there only the bytes are held.

Kills tests/mutants/model-put-raw.
"""
import copy, os, re, runpy, subprocess, sys, tempfile, unicodedata

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "ui")]
import glass, small_ward, ward
from harness import Check, Term, WARDLINE, strange

CLOCK = os.path.join(ward.BUILD, "tests/tools/fixed_clock.so")
SAFE = os.path.join(ward.BUILD, "tests/ui/safe_text")
# Strings that are no text: what the server and the program go by. All others are replaced.
NO_TEXT = {"resourceType", "id", "status", "lifecycleStatus", "intent", "gender", "birthDate", "reference", "system", "code", "contentType", "data", "criticality",
           "severity", "use", "comparator", "date", "authoredOn", "effectiveDateTime", "recordedDate", "onsetDateTime", "occurrenceDateTime", "performedDateTime",
           "deceasedDateTime", "start", "end", "startDate", "value@"}
LINES = {"note"}  # whose text keeps its line ends
JSON_ONLY = re.compile(r'^[> ] +[{}"\[\]]')
check = Check()


def texts(tmp):
    """{name: text} of make-nasty.py."""
    path = ward.data("nasty/make-nasty.py")
    if not path:
        print("skipped: no nasty/make-nasty.py (WARDLINE_DATA)")
        sys.exit(77)
    argv, sys.argv = sys.argv, [path, os.path.join(tmp, "nasty"), "--big", "1000"]
    try:
        return runpy.run_path(path)["TEXT"]
    finally:
        sys.argv = argv


def cut(text, most):
    """At most so many bytes of it, and of what it becomes."""
    out = ""
    for c in text:
        if most and len(out.encode("utf-8", "replace")) + 8 > most:
            break
        out += c
    return out


class Sanitised:
    """text_safe_buf of the program, by its helper."""

    def __init__(self, all_):
        have = [(mode, t) for t in all_ for mode in "tl"]
        asked = "".join(f"{mode}{t.encode('utf-8', 'surrogatepass').hex()}\n" for mode, t in have)
        out = subprocess.run([SAFE], input=asked, capture_output=True, text=True, check=True).stdout.split("\n")
        self.of = {key: bytes.fromhex(line).decode() for key, line in zip(have, out)}

    def __call__(self, text, lines):
        return self.of["l" if lines else "t", text]


def chart(n, make):
    """A patient's resources, each text of them made by make(lines)."""
    base = small_ward.person(small_ward.FULL, "F", "G", "1958-11-06", address=[{"line": ["x"], "city": "x"}], telecom=[{"system": "phone", "value": "x"}],
                             contact=[{"name": {"text": "x"}}])
    rows = [base] + small_ward.allergies(small_ward.FULL) + small_ward.medicines(small_ward.FULL)[:3] + small_ward.story(small_ward.FULL) + small_ward.vitals(small_ward.FULL)[:2]
    rows += [r for r in small_ward.labs(small_ward.FULL) if r["id"] in ("k0", "k1", "hbc")]
    ids = {r["id"] for r in rows}

    def walk(node, key, lines):
        if isinstance(node, dict):
            return {k: walk(v, k, lines or k in LINES) for k, v in node.items()}
        if isinstance(node, list):
            return [walk(v, key, lines) for v in node]
        if not isinstance(node, str) or node.startswith("@"):
            return node
        if key == "id":
            return f"h{n}-{node}"
        if key == "reference":
            kind, _, ident = node.partition("/")
            return f"{kind}/h{n}-{ident}" if ident in ids else node
        if key == "div":  # a bare CR is a blank in XML
            text = "".join(f"&#{ord(c)};" if c in "<>&\r" else c for c in make(False))
            return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>'
        if key == "value":  # a number: the program reads its first 64 bytes, and says how many follow
            return make(lines, 48)
        if key in ("family", "given"):  # the banner has no room for a name of kilobytes, and opens no chart without its name
            return make(lines, 1000)
        return node if key in NO_TEXT else make(lines)

    out = [walk(r, "", False) for r in copy.deepcopy(rows)]
    out[0]["name"][0]["family"] = f"K{n:02d} {make(False, 1000)}"  # what the list is sorted by
    out[0]["identifier"][0]["system"] = "urn:ids"
    return out


class Reader:
    """Reads every screen of every patient; self.of: name of a screen -> (lines, cursor)."""

    def __init__(self, w, count):
        self.of, self.sections = {}, glass.sections()
        self.t = Term([WARDLINE, "--home", w.home], env={**ward.environment(w.extra), "TERM": "xterm-256color"}, quiet=0.1)
        with self.t as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("K00")
            t.wait("synced ")
            t.rest(0.3)
            for page in range(8):
                self.take(f"list, page {page + 1}")
                t.type(" ")
            for n in range(count):
                self.patient(n)
            t.kill(15)
            check(t.end() == 0, f"SIGTERM ends it with {t.status}")
            check(not strange(t.raw), f"bytes that no screen may send: {strange(t.raw)[:3]}")

    def take(self, name):
        lines = [line.rstrip() for line in self.t.screen.display]
        lines[-1] = re.sub(r", next .*", "", lines[-1])
        self.of[name] = lines, self.t.cursor()
        wild = sorted({c for c in "".join(lines) if unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn", "Cs") and c not in "\u200c\u200d"})
        check(not wild, f"{name}: {wild!r} on the screen")

    def patient(self, n):
        t = self.t
        t.type(b"\x1b[H")
        t.type(f"/k{n:02d} \x15k{n:02d} ")
        self.take(f"{n}, found")
        t.type("\r")
        if t.row(1).startswith("STOP"):  # similar names: that page listens after half a second
            self.take(f"{n}, stop")
            t.rest(0.7)
            t.type(next(m[1] for m in (re.match(rf"[> ] (\d+) +K{n:02d} ", line) for line in t.screen.display) if m))
            t.type("\r")
        if not check(t.row(3).startswith(self.sections[0][1]), f"patient {n} does not open:\n{t.text()}"):
            t.type(b"\x07")
            return
        self.take(f"{n}, cover")
        t.type("b")
        self.take(f"{n}, banner")
        t.type("q")
        for name, title, key in self.sections[1:]:
            t.type(key)
            self.take(f"{n}, {name}")
            before = t.row(3)
            t.type("\r")
            if t.row(3) != before:
                self.take(f"{n}, {name}, in full")
                t.type("c")
                self.take(f"{n}, {name}, codes")
                t.type("q")
        t.type("q")
        for _ in range(3):
            if t.row(1).startswith("PATIENTS"):
                break
            t.type("q")


def words(screen):
    """Without what is a part of the raw resource, and what follows it on the screen."""
    lines, cursor = screen
    out = []
    for line in lines[:-3]:
        if JSON_ONLY.match(line):
            break
        out.append(re.sub(r" +Page \d+ of \d+$", "", line) if line is lines[2] else line)  # pages of the raw resource too
    raw = len(out) < len(lines) - 3
    return out if raw else (out, lines[-3:], cursor)


def one_ward(tmp, name, make_of, all_):
    folder = os.path.join(tmp, name)
    os.mkdir(folder)
    with ward.Ward(folder, init=False, quick=True) as w:
        for n, text in enumerate(all_):
            small_ward.load(w, chart(n, lambda lines, most=None: make_of(cut(text, most), lines)))
        w.extra["LD_PRELOAD"] = f"{w.extra.get('LD_PRELOAD', '')} {CLOCK}".strip()
        w.cli("init", "--server", w.url)
        w.cli("sync")
        listed = w.json("list")
        check(len(listed) == len(all_), f"{name}: {len(listed)} patients of {len(all_)}")
        return Reader(w, len(all_)).of


def main():
    os.environ["LD_PRELOAD"] = CLOCK  # the server's clock: instants on both wards' screens are the same
    with tempfile.TemporaryDirectory() as tmp:
        named = texts(tmp)
        names, all_ = list(named), list(named.values())
        if "--some" in sys.argv:
            names, all_ = names[:3] + names[-1:], all_[:3] + all_[-1:]
        safe = Sanitised(all_ + [cut(t, most) for t in all_ for most in (48, 1000)])
        hostile = one_ward(tmp, "hostile", lambda text, lines: text, all_)
        clean = one_ward(tmp, "clean", safe, all_)
    differ = marked = 0
    for key in hostile:
        a, b = words(hostile[key]), words(clean.get(key, ([], None)))
        # A display rule sees what the server sent: a text that says <U+009B> or <BS>1 mg itself is marked for that, and wraps
        # further on. Those rows differ by right.
        if a != b and "[!]" in str(b) and ("cover" in key or "medicines" in key):
            marked += 1
            check(str(a).count("[!]") < str(b).count("[!]") or "cover" in key, f"{key}: marked otherwise")
            continue
        if a != b and differ < 400:
            differ += 1
            n = key.split(",")[0]
            rows = list(zip(a if isinstance(a, list) else a[0], b if isinstance(b, list) else b[0]))
            first = next(((x, y) for x, y in rows if x != y), (a[1:], b[1:]))
            check(False, f"{key} ({names[int(n)] if n.isdigit() else ''}):\n  hostile   {first[0]!r}\n  sanitised {first[1]!r}")
        else:
            check(True, "")
    check(set(hostile) == set(clean), f"screens of one ward alone: {sorted(set(hostile) ^ set(clean))[:5]}")
    print("not replaced, for they are no text: " + " ".join(sorted(NO_TEXT)))
    print(f"{len(hostile)} screens compared, {len(all_)} texts, {len(glass.sections())} sections; {marked} of them differ by a mark of the display rules")
    check(marked < len(hostile) // 20, f"{marked} screens with marks")
    check(len(hostile) > 30 * len(all_) // 2, "few screens were compared")
    check.finish()


main()
