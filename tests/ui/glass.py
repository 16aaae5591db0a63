# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the real full screen as a reader does: worklist, banner, every section of a chart page by page, and gives the words
that were painted, a text a row. Rows are wrapped over lines of the screen: they are joined again under the rules by which a
line may end, against what `show --json` says of the same chart; a screen that says anything else, leaves out a row, puts one
in, or breaks a line inside a word that has room, is a fault. What comes back was on the glass.

    r = Reading(ward)       # all charts: r.cells, r.painted, r.shown, r.bad, r.said
"""
import os, re, time, unicodedata

import ward
from harness import HOME, MARGIN, Term, strange

TABLE = re.compile(r"""^    \{"([a-z ]+)", N_\("([^"]+)"\), '(.)', N_\("[^"]+"\)\},""", re.M)


def sections():
    """(name, title, key) of each section, in the kind table's order."""
    with open(os.path.join(ward.TOP, "src/fhir/kind.c"), encoding="utf-8") as f:
        return TABLE.findall(f.read())


def fold(text):
    return " ".join(unicodedata.normalize("NFC", text).split())


def row_words(r):
    """A row as it is painted: date, text, flags; behind the heading of a pane its age, and how many rows are not here."""
    if "age" in r:
        abnormal = f", {r['moreAbnormal']}{'+' if r.get('moreUnread') else ''} abnormal" if r.get("moreAbnormal") else ""
        return fold(f"{r['text']} {r['age']}" + (f" +{r['more']} more{abnormal}" if r["more"] else ""))
    flags = f"  [{', '.join(r['flags'])}]" if r["flags"] else ""
    return fold(f"{r['date'] or ''} {r['text']}{flags}")


AGE = r" (as of [0-9A-Za-z-]+ \d\d:\d\d|from a file|NOT FETCHED(?:: [A-Za-z, ]+)?)"


LONG = " - long: Enter shows all of it"


def briefly(r, page):
    """A row as it stands on a page: one too long for a cover is there by name alone, and says so."""
    if len(r["text"]) > 200 and row_words(r) not in page:
        for n in (m.start() for m in re.finditer(" ", r["text"])):  # behind its name, which may be of any number of words
            short = {**r, "text": r["text"][:n] + LONG}
            if row_words(short) in page:
                return short
    return r


def on_page(want, lines):
    """The rows of a cover that a page of these lines has room for: what stands on none is counted behind its heading."""
    page, out, pane = fold(" ".join(lines)), [], None
    for r in (briefly(r, page) for r in want):
        if "age" in r:  # the screen has synced since `show`: that of the page, if there is one where there must be
            m = re.search(re.escape(fold(r["text"])) + (AGE if r["age"] else "()") + r"(?: \+(\d+) more(?:, (\d+)(\+?) abnormal)?)?", page)
            pane = {**r, "age": m[1], "more": int(m[2] or 0), "moreAbnormal": int(m[3] or 0), "moreUnread": bool(m[4])} if m else r
            if pane["more"] and pane["moreAbnormal"] < r.get("moreAbnormal", 0):
                pane = r  # fewer abnormal ones unseen than `show` has: on no page
            left = pane["more"] - r["more"]  # of its rows, that are not here
            out.append(pane)
        elif pane and left and row_words(r) not in page:
            left -= 1
        else:
            out.append(r)
    return out


class Rows:
    """Takes the lines of the screen, in order, to the rows that they must be."""

    def __init__(self, want):
        self.want, self.at, self.rest, self.date, self.painted = want, -1, "", "", [""] * len(want)

    def next_row(self):
        self.at += 1
        while self.at < len(self.want) and not row_words(self.want[self.at]):
            self.at += 1
        if self.at >= len(self.want):
            return False
        self.rest, self.date = row_words(self.want[self.at]), fold(self.want[self.at]["date"] or "")
        return True

    def take(self, line):
        """None, or what is wrong with the line."""
        line = fold(line)
        if not line:
            return None
        if not self.rest and not self.next_row():
            return f"a row too many: {line!r}"
        if not self.rest.startswith(line):
            return f"{line!r} where {self.rest[:90]!r} should stand"
        body = line[len(self.date):].strip() if self.date and not self.painted[self.at] and line.startswith(self.date) else line
        self.painted[self.at] += line
        self.rest = self.rest[len(line):]
        if self.rest.startswith(" "):
            self.rest, self.painted[self.at] = self.rest[1:], self.painted[self.at] + " "
        elif self.rest and " " in body:
            return f"{line!r} ends inside a word that has room on the next line"
        return None

    def whole(self):
        return not self.rest and not self.next_row()


class Glass:
    def __init__(self, home, rows=24, cols=80, env=None):
        self.t = Term([ward.WARDLINE, "--home", home], rows=rows, cols=cols, quiet=0.05, env=env)
        self.lines, self.pages, self.charts = 0, 0, 0
        self.sections = sections()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.t.close()

    def unlock(self, passphrase=ward.PASS):
        self.t.wait("Passphrase:")
        self.t.send(passphrase + "\r")
        self.t.wait("kept here", 120)
        self.at = 0

    def key(self, keys):
        """Sends keys; reads until the program has painted and waits for the next one."""
        self.t.type(keys)

    def until(self, true, keys, what):
        self.key(keys)
        end = time.monotonic() + 60
        while not true():
            if self.t.fd < 0 or time.monotonic() > end:
                raise AssertionError(f"{what}: the screen:\n{self.t.text()}")
            self.t.pump(0.1)
        self.t.rest()

    def page(self):
        """(n, of m) as the screen says it."""
        m = re.search(r"(\d+)(?: of |/)(\d+)$", self.t.row(3))
        return (int(m[1]), int(m[2])) if m else (0, -1)

    def list_lines(self):
        """All lines of the list that is shown, from its first page on."""
        while True:
            self.pages += 1
            lines = [line[MARGIN:] for line in self.t.body() if line[MARGIN:].strip()]
            self.lines += len(lines)
            yield from lines
            n, m = self.page()
            if n == m:
                return
            before = self.t.row(3), self.t.body()
            self.key(" ")
            for _ in range(20):
                if (self.t.row(3), self.t.body()) != before:
                    break
                self.t.pump(0.1)

    def open(self, n):
        """Opens the n-th patient; the words of its row in the worklist."""
        if n < self.at:
            self.key(HOME)
            self.at = 0
        while self.at < n:
            step = min(n - self.at, 200)
            self.key("j" * step)
            self.at += step
        focus = self.t.focus()
        y = self.t.screen.cursor.y
        cells = [focus[MARGIN:]]
        for line in self.t.screen.display[y + 1:self.t.rows - 3]:
            if line.strip() and line[:30].strip() == "":
                cells.append(line)  # what wraps goes on behind the names' column
            elif len(cells) == 1 and len(focus[MARGIN:].split("  ")) == 1:
                cells.append(line)  # a name that takes a line of its own
            else:
                break
        self.until(lambda: self.t.row(3).startswith(self.sections[0][1]) or self.t.row(1).startswith("STOP"), "\r",
                   f"patient {n} does not open")
        if self.t.row(1).startswith("STOP"):
            self.t.past_stop(" ".join(cells).split())
            self.until(lambda: self.t.row(3).startswith(self.sections[0][1]), b"", f"patient {n} does not open")
        self.charts += 1
        return fold(" ".join(cells))

    def back(self):
        if not self.t.row(3).startswith(self.sections[0][1]):
            self.until(lambda: self.t.row(3).startswith(self.sections[0][1]), "q", "back to the cover")
        self.until(lambda: self.t.row(1).startswith("PATIENTS"), "q", "back to the worklist")

    def banner(self):
        """The whole banner: its two rows, then the screen that says all of it."""
        rows = [self.t.row(1), self.t.row(2)]
        self.until(lambda: self.t.row(3).startswith("Who this is"), "b", "the whole banner")
        lines = [fold(line) for line in self.list_lines()]
        self.until(lambda: self.t.row(3).startswith(self.sections[0][1]), "q", "back to the chart")
        return rows, lines

    def section(self, title, key, want):
        """(the rows that are on the page, the painted text of each, what is wrong)."""
        for _ in range(3):  # a screen read too early is read again; a wrong one stays wrong
            wrong = None
            self.until(lambda: self.t.row(3).startswith(title + " ") and self.page()[0] == 1, key, title)
            lines = list(self.list_lines())
            rows = Rows(on_page(want, lines))
            for line in lines:
                wrong = rows.take(line)
                if wrong:
                    break
            if not wrong and not rows.whole():
                wrong = f"the screen ends before {rows.rest or row_words(rows.want[min(rows.at, len(want) - 1)])!r}"
            if not wrong:
                break
            self.t.settle(quiet=0.3, first=0.5)
        return rows.want, rows.painted, wrong

    def chart(self, show):
        """What `show --json` gives, made of what is painted; and what is wrong."""
        rows, lines = self.banner()
        out, bad = {"banner": rows + lines, "rows": rows, "sections": {}}, []
        for name, title, key in self.sections:
            want, painted, wrong = self.section(title, key, show["sections"][name])
            if wrong:
                bad.append(f"{show['patient']} {name}: {wrong}")
            out["sections"][name] = [{**r, "text": text_of(r, p), "flags": []} for r, p in zip(want, painted)]
        return out, bad


def text_of(r, painted):
    """The painted row without its date."""
    date = fold(r["date"] or "")
    return painted[len(date):].strip() if date and painted.startswith(date) else painted


class Reading:
    """All charts of a profile, as the screen paints them and as `show` says them. cells: the worklist's row of each patient.
    A banner whose two rows lack the name of the worklist's row, or a row that is not what `show` says, is in bad."""

    def __init__(self, w, rows=24, keep=lambda p: True):
        self.cells, self.painted, self.bad = {}, {}, []
        listed = w.json("list")
        self.shown = {p["id"]: w.json("show", p["id"]) for p in listed if keep(p)}
        with Glass(w.home, rows=rows, env=w.extra) as g:
            g.unlock()
            for n, p in enumerate(listed):
                show = self.shown.get(p["id"])
                if not show:
                    continue
                cells = self.cells[p["id"]] = g.open(n)
                self.painted[p["id"]], bad = g.chart(show)
                self.bad += bad
                name = re.split(r" \[\+\]| +Born | \(from right\)", g.t.row(1))[0]
                if not name or not cells.replace(" ", "").startswith(fold(name).replace(" ", "")):
                    self.bad.append(f"{p['id']}: the banner of {name!r} over the chart of {cells!r}")
                g.back()
            g.t.kill(15)
            if g.t.end():
                self.bad.append(f"the screen ends with {g.t.status}")
            self.bad += [f"bytes that no screen may send: {s!r}" for s in strange(g.t.raw)[:5]]
            self.said = f"{g.charts} charts, {g.pages} pages and {g.lines} lines of the screen"
