#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worklist on the real screen: its scopes, orders and the list a profile begins with; tasks over all patients; the
next and the previous patient; and the page that stops at similar patients. Of that page: nobody is chosen on it, Enter
alone opens nobody, and no key that was sent before it was painted opens anybody. Kills tests/mutants/ui-stop-skipped,
ui-stop-default and ui-stop-type-ahead.
"""
import datetime, json, os, re, subprocess, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui")]
import harness, ward

check = harness.Check()
HOME = b"\x1b[H"
today = datetime.datetime.now(datetime.timezone.utc).date()


def day(n):
    return (today + datetime.timedelta(days=n)).isoformat()


def shown(n):
    d = today + datetime.timedelta(days=n)
    return f"{d.day:02d}-{'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()[d.month - 1]}-{d.year}"


PEOPLE = [  # id, family, given, birth, number
    ("ada", "Adams", "Ada", "1950-01-01", "1001"), ("bob", "Brown", "Bob", "1990-05-05", "1002"), ("cyd", "Clark", "Cyd", "1930-02-02", "1003"),
    ("dan", "Davis", "Dan", "2001-03-03", "1004"), ("eve", "Evans", "Eve", "1970-04-04", "1005"),
    ("mia1", "Okonkwo", "Mia", "1980-07-07", "2001"), ("mia2", "Okonkwo", "Mia", "1991-08-08", "2002"), ("zoe", "Young", "Zoe", "1960-06-06", "1006")]


def bundle():
    out = []

    def add(kind, id, **members):
        out.append({"fullUrl": f"http://x/{kind}/{id}", "resource": {"resourceType": kind, "id": id, **members},
                    "request": {"method": "PUT", "url": f"{kind}/{id}"}})

    def of(id):
        return {"reference": f"Patient/{id}"}

    add("Practitioner", "doc", name=[{"family": "Okafor", "given": ["Chidi"]}])
    add("Location", "east", name="East 1", status="active")
    add("Location", "bed4", name="Bed 4", status="active", partOf={"reference": "Location/east"})
    for id, family, given, born, number in PEOPLE:
        add("Patient", id, name=[{"family": family, "given": [given]}], birthDate=born, gender="female",
            identifier=[{"value": number, "type": {"coding": [{"code": "MR"}]}}],
            **({"generalPractitioner": [{"reference": "Practitioner/doc"}]} if id in ("bob", "zoe") else {}))
    add("Group", "tb", type="person", actual=True, name="TB register", member=[{"entity": of("cyd")}, {"entity": of("eve")}])
    add("List", "round", status="current", mode="working", title="Home visits", entry=[{"item": of("dan")}])
    add("Encounter", "v1", status="in-progress", **{"class": {"code": "IMP"}}, subject=of("ada"), period={"start": day(-2)},
        location=[{"location": {"reference": "Location/bed4"}}])
    add("Encounter", "v2", status="finished", **{"class": {"code": "AMB"}}, subject=of("mia1"), period={"start": day(-40), "end": day(-40)},
        location=[{"location": {"reference": "Location/east"}}], participant=[{"individual": {"reference": "Practitioner/doc"}}])
    for id, who, due in (("t1", "eve", day(-12)), ("t2", "bob", day(0)), ("t3", "zoe", day(5)), ("t4", "mia2", day(-3)), ("t5", "eve", None)):
        add("Task", id, status="requested", intent="order", description=f"Errand {id}", **{"for": of(who)},
            **({"restriction": {"period": {"end": due}}} if due else {}))
    for id, who, at in (("a1", "zoe", "09:15"), ("a2", "dan", "08:30")):
        add("Appointment", id, status="booked", start=f"{day(0)}T{at}:00Z", end=f"{day(0)}T{at[:2]}:59:00Z",
            participant=[{"actor": of(who), "status": "accepted"}])
    return {"resourceType": "Bundle", "type": "transaction", "entry": out}


def names(t):
    """The family names in the list, from the top."""
    return [m[1] for line in t.body() for m in [re.match(r"[> ][ \d]\d ([A-Z]+), ", line)] if m]


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.settle(quiet=0.5, first=2)


def choose(t, words, key="\r"):
    """Moves to a row of a short list and chooses it."""
    t.key(HOME)
    for _ in range(20):
        if words in t.focus():
            break
        t.key("j")
    check(words in t.focus(), f"{words} can be chosen: {t.text()}")
    t.key(key)


def view(t, words, want, head, key="\r"):
    t.key("v")
    check(t.row(1) == "PATIENTS  Which list", t.row(1))
    choose(t, words, key)
    check(t.row(1).startswith(head), f"{head}: {t.row(1)}")
    check(names(t) == want, f"{words}: {names(t)}, want {want}")


def scopes(t):
    all = ["ADAMS", "BROWN", "CLARK", "DAVIS", "EVANS", "OKONKWO", "OKONKWO", "YOUNG"]
    check(names(t) == all, f"everybody by name: {names(t)}")
    check(any(re.search(r"EVANS.*1005  OVERDUE 12d$", l) for l in t.body()), f"OVERDUE is said: {t.body()}")
    check(re.search(r"2002  OVERDUE 3d +SIMILAR NAME", " ".join(t.body())), f"first among the marks: {t.body()}")
    check(not any("BROWN" in l and "OVERDUE" in l for l in t.body()), "what is due today is not late")
    t.key("v")
    check("this profile names no practitioner" not in t.text(), t.text())
    t.key("q")
    view(t, "mine", ["BROWN", "YOUNG"], "PATIENTS  mine: 2 of 8 kept here")
    view(t, "group: TB register", ["CLARK", "EVANS"], "PATIENTS  group: TB register: 2 of 8")
    view(t, "group: Home visits", ["DAVIS"], "PATIENTS  group: Home visits: 1 of 8")
    view(t, "ward: East 1", ["ADAMS"], "PATIENTS  ward: East 1: 1 of 8")
    view(t, "ward: Bed 4", ["ADAMS"], "PATIENTS  ward: Bed 4: 1 of 8")
    view(t, "clinic today", ["DAVIS", "YOUNG"], "PATIENTS  clinic today: 2 of 8 kept here, by time of appointment")
    check("08:30" in t.row(4) and "09:15" in t.row(5), f"with their times: {t.body()}")
    view(t, "overdue", ["EVANS", "OKONKWO"], "PATIENTS  overdue: 2 of 8 kept here, by days overdue")
    t.key("/brown")
    check("none in this list (overdue)" in t.row(4) and "v chooses another one" in t.row(4), f"a filter stays inside the list: {t.row(4)}")
    t.key("\x07")
    t.key("/okon")
    check(names(t) == ["OKONKWO"] and t.row(2) == '1 matches "okon"', f"{t.row(2)} {names(t)}")
    t.key("\x07")
    view(t, "recently opened", [], "PATIENTS  recently opened here: 0 of 8")
    check("nobody in this list now" in t.row(4), t.row(4))
    view(t, "all", all, "PATIENTS  8 kept here (all)")


def orders(t):
    t.key("o")
    check(t.row(1) == "PATIENTS  In which order" and "name" in t.focus(), t.text())
    choose(t, "birth date")
    check(names(t) == ["CLARK", "ADAMS", "YOUNG", "EVANS", "OKONKWO", "BROWN", "OKONKWO", "DAVIS"], f"by birth: {names(t)}")
    check(t.row(1) == "PATIENTS  8 kept here (all), by birth date", t.row(1))
    t.key("o")
    choose(t, "days overdue")
    check(names(t)[:3] == ["EVANS", "OKONKWO", "ADAMS"], f"by days overdue, the rest by name: {names(t)}")
    t.key("o")
    choose(t, "time of appointment")
    check(names(t)[:3] == ["DAVIS", "YOUNG", "ADAMS"], f"by time: {names(t)}")
    t.key("o")
    choose(t, "name")
    check(t.row(1) == "PATIENTS  8 kept here (all)", t.row(1))


def to(t, family, n=1):
    """The marker on the n-th row of a name."""
    t.key(HOME)
    for _ in range(30):
        if family in t.focus() and (n := n - 1) < 1:
            return
        t.key("j")
    raise AssertionError(f"no {family}: {t.text()}")


def stopped(t):
    return t.row(1) == "STOP: these patients are easily taken for one another"


def stop(t):
    to(t, "OKONKWO")
    t.key("\r")
    check(stopped(t), f"a similar patient is not opened at once: {t.text()}")
    check(not any(l.startswith(">") for l in t.body()), f"nobody is marked beforehand: {t.body()}")
    check(t.cursor()[0] == 24 and "Number of the right patient:" in t.row(24), t.row(24))
    rows = "\n".join(t.body())
    for want in ("OKONKWO, Mia  Born 07-Jul-1980", "OKONKWO, Mia  Born 08-Aug-1991", "Female  2001", "Female  2002", " 1 OK", " 2 OK",
                 f"last visit {shown(-40)}, East 1 - OKAFOR, Chidi", "no visit recorded - no clinician recorded"):
        check(want in rows or want in t.text(), f"{want} stands there: {rows}")
    time.sleep(0.7)
    for _ in range(3):
        t.key("\r")
        check(stopped(t) and "Nobody is chosen" in t.row(22), f"Enter alone opens nobody, and says so: {t.text()}")
    t.key("7")
    check("no number 7" in t.row(22), t.row(22))
    t.key("q")
    check(t.row(1) == "PATIENTS  8 kept here (all)" and "OKONKWO" in t.focus(), f"q goes back to the list: {t.row(1)}")
    # by number: the second, though the first was asked for
    t.key("\r")
    time.sleep(0.7)
    t.key("2")
    check(t.focus().startswith("> 2 OKONKWO"), t.text())
    t.key("\r")
    check("OKONKWO" in t.row(1) and "2002" in t.row(1), f"the number that was typed is opened: {t.row(1)}")
    t.key("q")
    # by moving
    to(t, "OKONKWO")
    t.key("\r")
    time.sleep(0.7)
    t.key("j")
    check(t.focus().startswith("> 1 "), f"the first move marks the first row: {t.text()}")
    t.key("\r")
    check("2001" in t.row(1), t.row(1))
    t.key("q")


def type_ahead(t):
    """REQ: keys that were on their way before the page was painted choose nobody and open nobody."""
    for keys in ("\r1\r", "\rj\r", "\r\r\r\r", "\r2\r\r"):
        to(t, "OKONKWO")
        t.key(keys)
        check(stopped(t) and not any(l.startswith(">") for l in t.body()), f"{keys!r} opens nobody: {t.text()}")
        time.sleep(0.7)
        t.key("\r")
        check(stopped(t) and "Nobody is chosen" in t.row(22), f"{keys!r}: nor is anybody chosen: {t.text()}")
        t.key("q")
    to(t, "OKONKWO")
    t.send("\r")
    t.wait("STOP:")
    t.quiet = 0.02
    t.key("1\r")  # painted, but on a slow line nobody can have read it
    t.quiet = 0.25
    t.settle(first=1)
    check(stopped(t), f"nor what comes at once after the paint: {t.text()}")
    time.sleep(0.7)
    t.key("q")


def lines(w):
    """The same page in line mode: a number that was typed after it was said opens, and nothing in a script does."""
    with harness.Term([ward.WARDLINE, "--home", w.home, "--line"], rows=60) as t:
        t.wait("assphrase")
        t.send(ward.PASS + "\r")
        t.wait("kept here")
        t.settle(quiet=1, first=3)
        t.key("v\r")
        t.key("1\r")
        t.key("/okon\r")
        t.key("1\r")
        check("STOP: these patients" in t.text() and "  2 OKONKWO, Mia  Born 08-Aug-1991" in t.text(), t.text())
        time.sleep(0.7)
        t.key("2\r")
        check("ID No. 2002" in t.text(), f"a number opens: {t.text()[-600:]}")
    r, out = os.pipe()
    os.write(out, ward.PASS.encode() + b"\n")
    os.close(out)
    p = subprocess.run([ward.WARDLINE, "--home", w.home, "--line", "--passphrase-fd", str(r)], input="v\n1\n/okon\n1\n2\n1\n2\n", text=True,
                       capture_output=True, pass_fds=[r], env=ward.environment())
    check("STOP: these patients" in p.stdout and "ID No." not in p.stdout, f"a script opens nobody on that page: {p.stdout}")


def on_the_way(t):
    """REQ: a jump, a mark and chosen numbers stop there too, and what is left of a jump does nothing."""
    to(t, "EVANS")
    t.key("\r")
    t.key(":NP;m;\r")
    check(stopped(t) and "Not done: m" in t.row(22), f"a jump stops: {t.text()}")
    time.sleep(0.7)
    t.key(":")
    check(stopped(t) and "does nothing here" in t.row(22), f"nothing goes past the page: {t.row(22)}")
    t.key("2")
    t.key("\r")
    check("OKONKWO" in t.row(1), t.row(1))
    t.key("p")
    t.key("Ma")
    t.key("qq")
    to(t, "EVANS")
    t.key("\r")
    t.key("'a")
    check(stopped(t), f"a mark of another patient stops: {t.text()}")
    check(t.row(22).startswith("Mark a: another patient. Answer this page first, then ' and the letter again."), f"and says why: {t.text()}")
    time.sleep(0.7)
    t.key("q")
    t.key(HOME)
    t.key("5-6\r")
    check("EVANS" in t.row(1) and t.row(22).startswith("Patient 1 of the 2 chosen"), f"{t.row(1)} {t.row(22)}")
    t.key("]")
    check(stopped(t), f"so do chosen numbers: {t.text()}")
    time.sleep(0.7)
    t.key("q")
    t.key("v")
    choose(t, "group: TB register")
    check(names(t) == ["CLARK", "EVANS"], names(t))
    t.key("z")
    check(len(names(t)) == 8, f"z brings the list back that was shown before: {names(t)}")


def neighbours(t):
    to(t, "DAVIS")
    t.key("\r")
    check("DAVIS" in t.row(1), t.row(1))
    t.key("]")
    check("EVANS" in t.row(1) and t.row(22).startswith("Patient 5 of 8 in this list"), f"{t.row(1)} {t.row(22)}")
    t.key("]")
    check(stopped(t), f"the stop page stands in this way, too: {t.text()}")
    check("EVANS" not in t.text(), "nothing of the patient before is left")
    time.sleep(0.7)
    t.key("q")
    check(t.row(1).startswith("PATIENTS") and "OKONKWO" in t.focus(), t.row(1))
    to(t, "EVANS")
    t.key("\r")
    t.key("[")
    check("DAVIS" in t.row(1), t.row(1))
    t.key("q")
    check("DAVIS" in t.focus(), f"the marker is on who was open: {t.focus()}")
    t.key(HOME)
    t.key("\r")
    t.key("[")
    check("ADAMS" in t.row(1) and "first patient of the list" in t.row(22), t.row(22))
    t.key("q")


def tasks(t):
    t.key("t")
    check(t.row(1) == "TASKS  5 open, all patients kept here", t.row(1))
    rows = [l for l in t.body() if "Errand" in l or re.match(r"[> ][ \d]\d \S", l)]
    order = [re.search(r"Errand (t\d)", l)[1] for l in t.body() if "Errand" in l]
    check(order == ["t1", "t4", "t2", "t3", "t5"], f"what is due first: {order} {rows}")
    body = t.text()
    for due, who in (("OVERDUE 12d", "EVANS, Eve  1005"), ("OVERDUE 3d", "OKONKWO, Mia  2002"), ("due today", "BROWN, Bob  1002"),
                     (f"due {shown(5)}", "YOUNG, Zoe  1006"), ("no due date", "EVANS, Eve  1005")):
        check(re.search(re.escape(due) + " +" + re.escape(who), body), f"{due} {who}: two identifiers in each row: {body}")
    t.key("\r")
    check("EVANS" in t.row(1), t.row(1))
    t.key("]")
    check(stopped(t), f"a similar patient stops here, too: {t.text()}")
    time.sleep(0.7)
    t.key("q")
    check(t.row(1).startswith("TASKS") and "OVERDUE 3d" in t.focus(), f"back to the tasks: {t.text()}")
    t.key("q")


LONG, ROWS = 150, 160  # patients with two tasks each, one behind the other; rows of the first one's chart


def many():
    """A ward whose tasks fill more than one window (ui/scr_tasks.c), and a chart whose timeline does (ui/scr_rows.c)."""
    out = []
    for n in range(LONG):
        who = {"reference": f"Patient/q{n:03}"}
        out.append({"resourceType": "Patient", "id": f"q{n:03}", "name": [{"family": f"Q{n:03}{chr(97 + n % 26) * 3}", "given": ["Pat"]}], "birthDate": f"{1900 + n % 90}-01-{1 + n % 28:02}",
                    "gender": "female", "identifier": [{"value": f"{7000 + n * 13}", "type": {"coding": [{"code": "MR"}]}}]})
        out += [{"resourceType": "Task", "id": f"e{2 * n + k:03}", "status": "requested", "intent": "order", "description": f"Errand {2 * n + k:03}", "for": who,
                 "restriction": {"period": {"end": day(2 * n + k)}}} for k in (0, 1)]
    out += [{"resourceType": "Observation", "id": f"o{n:03}", "status": "final", "category": [{"coding": [{"code": "laboratory"}]}], "code": {"text": f"Potassium {n:03}"},
             "subject": {"reference": "Patient/q000"}, "effectiveDateTime": day(-n - 1), "valueQuantity": {"value": 4, "unit": "mmol/L"}} for n in range(ROWS)]
    return out


def post(w, resources):
    path = os.path.join(w.tmp, "more.json")
    with open(path, "w") as f:
        json.dump({"resourceType": "Bundle", "type": "transaction", "entry": [
            {"fullUrl": f"http://x/{r['resourceType']}/{r['id']}", "resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources]}, f)
    w.post(path)


def errand(t):
    m = re.search(r"Errand (\d+)", t.focus())
    return int(m[1]) if m else t.focus()


def pages(t, total, text):
    """GO counts the pages that the title counts: those of the whole list; and a row's number is its place in it."""
    last = -(-total // 18)
    for n in (last - 1, 2, last, 8):
        t.key(f":GO\r{n}\r")
        check(f"Page {n} of " in t.row(3), f"GO {n}: {t.row(3)} {t.row(22)}")
        rows = [int(r[1:3]) for r in t.body() if r[1:3].strip()]
        check(rows[:3] == [(18 * (n - 1) + k) % 100 for k in (1, 2, 3)] and text(18 * (n - 1)) in t.body()[0], f"page {n} of {total} rows: {t.body()}")
    t.key(f":GO\r{last + 1}\r")
    check(t.row(22).startswith(f"There is no page {last + 1}."), t.row(22))


def long_lists(t, w):
    t.key("t")
    check(errand(t) == 0, t.text())
    t.key("G")
    check(errand(t) == 2 * LONG - 1, f"End leads to the last task of all: {t.text()}")
    t.key(HOME)
    check(errand(t) == 0, f"and Home to the first: {t.text()}")
    pages(t, 2 * LONG, lambda n: f"Errand {n:03}")
    # ] and [ go on beyond what is in memory, to the end of the list.
    t.key(":GO\r6\r")
    at = errand(t)
    t.key("\r")
    for k in range(30):
        t.key("]")
    check(t.row(1).startswith(f"Q{at // 2 + 30:03}"), f"30 patients behind {at // 2}: {t.row(1)} {t.row(22)}")
    for k in range(60):
        t.key("[")
    check(t.row(1).startswith(f"Q{max(0, at // 2 - 30):03}"), f"and 60 back: {t.row(1)} {t.row(22)}")
    t.key("q")
    t.key("G")
    t.key("\r")
    t.key("]")
    check(t.row(1).startswith(f"Q{LONG - 1}") and "last patient of the list" in t.row(22), f"the last: {t.row(1)} {t.row(22)}")
    t.key("q")
    # R: the marker stays on its task where the list has become shorter, and the list is never said to be empty.
    for k in range(4):
        t.key("k")
    here = errand(t)
    check(here == 2 * LONG - 5, t.text())
    # Once into the middle of the list, behind its first window and before the one that was shown; then into the first.
    for left, number in ((155, 51), (50, 46)):
        done = range(left - 10, 2 * LONG - 10)
        post(w, [{**r, "status": "completed"} for r in many() if r["resourceType"] == "Task" and int(r["id"][1:]) in done])
        t.key("S")
        t.wait("synced ")
        t.settle(quiet=1.5, first=2)
        t.key("R")
        check(t.row(1).startswith(f"TASKS  {left} open") and "No open task" not in t.text() and errand(t) == here, f"on its task: {t.text()}")
        check(t.focus().startswith(f">{number} ") and int(t.row(3).split()[-1]) in (-(-left // 18), -(-left // 18) + 1), f"at its place: {t.focus()} {t.row(3)}")
    t.key("q")
    t.key(HOME)
    t.key("\r")
    t.key("y")
    check(t.row(3).startswith(f"Timeline: {ROWS}"), t.row(3))
    pages(t, ROWS, lambda n: f"Potassium {n:03}")
    t.key("q")
    t.key("/")
    t.send("potassium\r")
    t.wait("rows found")
    t.settle(first=1)
    pages(t, ROWS, lambda n: f"Potassium {n:03}")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=0, init=False) as w:
        path = os.path.join(tmp, "b.json")
        json.dump(bundle(), open(path, "w"))
        w.post(path)
        w.cli("init", "--server", w.url, "--practitioner", "Practitioner/doc")
        w.cli("sync")
        with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
            unlock(t)
            scopes(t)
            orders(t)
            stop(t)
            type_ahead(t)
            on_the_way(t)
            neighbours(t)
            tasks(t)
            view(t, "recently opened", ["EVANS", "ADAMS", "DAVIS", "OKONKWO", "OKONKWO"], "PATIENTS  recently opened here: 5 of 8")
            view(t, "group: TB register", ["CLARK", "EVANS"], "PATIENTS  group: TB register", key="d")
            t.settle(first=1)
            check("begins with this list" in t.row(22), t.row(22))
            t.key("L")
            unlock(t)
            check(names(t) == ["CLARK", "EVANS"] and t.row(1).startswith("PATIENTS  group: TB register"), f"after unlocking: {t.row(1)}")
            t.key("q")
            t.send("y")
            check(t.end() == 0, "leaves")
        with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
            unlock(t)
            check(names(t) == ["CLARK", "EVANS"], f"the profile begins with the list that was kept: {t.row(1)}")
            view(t, "recently opened", ["EVANS", "ADAMS", "DAVIS", "OKONKWO", "OKONKWO"], "PATIENTS  recently")
        lines(w)
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=0, init=False) as w:
        post(w, many())
        w.cli("init", "--server", w.url, "--demo")
        w.cli("sync")
        with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
            unlock(t)
            long_lists(t, w)
    check.finish()


if __name__ == "__main__":
    main()
