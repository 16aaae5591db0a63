#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each answer of a sync is cut after k bytes, head included, k = 1 to its size in steps of 97.

 A. The sync goes on by itself and ends with the rows of one that was not cut         kills sync-batch-cut-whole
    and costs at most one page more.                                                  kills sync-cut-from-start
 B. Where k lies past the first whole entry that is not here yet, and the line is dead from there on, each entry that
    came whole is in the store: at least one resource more than before that answer.   kills sync-cut-rows-lost
 C. The next sync from there ends with the rows of one that was not cut.              kills sync-cut-resumes-behind

Five syncs are swept: a first one of one page a kind, one of several pages that earlier cuts have left small (both with 200
rows of one instant), and a next one, whose batch brings known rows and new ones; in clear too, where it says so.

usage: cuts.py                   all of it, from wardline-demo
       cuts.py --some=N [BASE]   N cuts of it; with BASE of a first sync (A) from that server, which is filled already
"""
import collections, json, os, queue, re, shutil, subprocess, sys, tempfile, threading, time, urllib.request, uuid

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from proxy import Proxy, decoded

PULLER = os.path.join(ward.BUILD, "tests/sync/puller")
STEP, LANES, WORKERS, BAD_MAX = 97, 4, 6, 20  # LANES: SYNC_LANES; six: a cut inside a head makes the client wait for a second
SLACK = 64  # bytes
Plan = collections.namedtuple("Plan", "name server template coding")
UUID = r"[0-9a-f]{8}(\\-[0-9a-f]{4}){3}\\-[0-9a-f]{12}"  # as re.escape writes it
PLANS = [Plan("first", "large", "new", "gzip"), Plan("pages", "large", "small", "gzip"),
         Plan("pages in clear", "large", "small", "identity"), Plan("next", "small", "old", "gzip"), Plan("next in clear", "small", "old", "identity")]


# --- what the servers hold ---------------------------------------------------------------------------

def name(kind, i):
    return f"{kind}{uuid.uuid5(uuid.NAMESPACE_OID, str(i))}"[:36]


def observation(i):
    return {"resourceType": "Observation", "id": name("0", i), "status": "final", "subject": {"reference": "Patient/cut-1"},
            "code": {"text": f"made up {i * 7919 % 1000}"}, "valueQuantity": {"value": i * 7907 % 10007}}


def condition(i, text="x"):
    return {"resourceType": "Condition", "id": name("c", i), "subject": {"reference": "Patient/cut-1"}, "code": {"text": text}}


def put(url, *resources):
    """One transaction: all of one instant."""
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources]}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(bundle).encode(), {"Content-Type": "application/fhir+json"}))


def fill(url, ties, others):
    put(url, {"resourceType": "Patient", "id": "cut-1", "name": [{"family": "Cut"}]})
    for i in range(0, others, 5):
        put(url, *[observation(1000 + j) for j in range(i, i + 4)], condition(i))
    put(url, condition(0, "changed"))
    add(url, ties)


def add(url, ties):
    if ties:
        put(url, *[observation(i) for i in range(ties)])
        put(url, observation(ties), condition(ties),
            {"resourceType": "AllergyIntolerance", "id": "a-1", "patient": {"reference": "Patient/cut-1"}})


# --- one client, one line ------------------------------------------------------------------------------

class Client:
    """A puller and a proxy before it; its templates hold the proxy's address."""

    def __init__(self, tmp, new, to, path):
        self.tmp, self.home, self.record = tmp, os.path.join(tmp, "home"), os.path.join(tmp, "record")
        os.makedirs(self.record)
        shutil.copytree(new, self.template("new"))
        self.errors = open(os.path.join(tmp, "stderr"), "w+")
        self.p = Proxy(to, "--record", self.record)
        self.base = f"http://127.0.0.1:{self.p.port}/{path}"
        self.many = subprocess.Popen([PULLER, "many", self.template("new")], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=self.errors, text=True)

    def template(self, name):
        return os.path.join(self.tmp, "template-" + name)

    def puller(self, *words):
        """(status, lines)"""
        self.many.stdin.write(" ".join(words) + "\n")
        self.many.stdin.flush()
        out = []
        while (line := self.many.stdout.readline()) and not line.startswith("= "):
            out.append(line.rstrip("\n"))
        return int(line[2:] or 1) if line else 1, out

    def fresh(self, template):
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.template(template), self.home)

    def keep(self, template):
        shutil.copytree(self.home, self.template(template))

    def sync(self, cut=None, serial=False):
        for n in os.listdir(self.record):
            os.unlink(os.path.join(self.record, n))
        for command in ("uncut", "serial " + ("on" if serial else "off"), "reset"):
            self.p(command)
        if cut:
            self.p("cut " + cut)
        status, out = self.puller("sync", self.home, self.base)
        return status, out, self.p("stats")

    def rows(self):
        return set(self.puller("rows", self.home)[1])

    def answers(self):
        """(request line, bytes) in the order asked."""
        for name in sorted(n for n in os.listdir(self.record) if n.endswith(".res")):
            with open(os.path.join(self.record, name), "rb") as r, open(os.path.join(self.record, name[:-4] + ".req"), "rb") as q:
                yield q.readline().decode().strip(), r.read()

    def close(self):
        self.many.stdin.close()
        self.many.wait()
        self.many.stdout.close()
        self.errors.close()
        self.p.close()


def entries(raw):
    """(TYPE/ID VERSION of each resource that is whole in an answer's first bytes, whether all of it is there)."""
    _, _, text, whole = decoded(raw)
    text = text.decode("utf-8", "ignore")
    found = []
    for m in re.finditer(r'"resource"\s*:\s*', text):
        try:
            r, _ = json.JSONDecoder().raw_decode(text, m.end())
        except ValueError:
            break
        if r["resourceType"] not in ("Bundle", "OperationOutcome"):
            found.append(f"{r['resourceType']}/{r['id']} {r['meta']['versionId']}")
    return found, whole


def names(rows):
    return {r.rpartition(" ")[0] for r in rows}


# --- the cases -----------------------------------------------------------------------------------------

class Case:
    def __init__(self, sweep, key, k, size, salvage, again, slow):
        self.sweep, self.key, self.k, self.size, self.salvage, self.again, self.slow = sweep, key, k, size, salvage, again, slow

    def sync(self, client, last=False):
        """An answer can be some bytes shorter than the one that was measured: gzip, and ids and times in it."""
        while True:
            client.fresh(self.sweep.plan.template)
            got = client.sync(f"{self.key} {self.k} response" + f" last={LANES},{self.again}" * last, serial=last)
            if got[2]["cuts"] or self.k < self.size - 64:
                return got
            self.k -= 16

    def __str__(self):
        return f"{self.sweep.plan.name}, {self.key} cut after {self.k}"


class Sweep:
    """A plan, its uncut sync, and what must be cut."""

    def __init__(self, client, plan, numbered):
        self.plan, self.cases, self.whole = plan, [], None
        for _ in range(2):
            client.fresh(plan.template)
            status, out, stats = client.sync()
            self.uncut, rows = stats["down"], client.rows()
            if status or self.whole not in (None, rows):
                sys.exit(f"cuts: {plan.name}, uncut: status {status}, {len(rows)} rows: {out}")
            self.whole = rows
        client.fresh(plan.template)
        here = names(client.rows())
        client.sync(serial=not numbered)
        answers = list(client.answers())
        self.page = max(len(raw) for _, raw in answers)
        print(f"cuts: {plan.name}: {len(self.whole)} rows, {len(self.whole) - len(here)} of them new, {len(answers)} answers, "
              f"{self.uncut} bytes, page {self.page}", flush=True)
        for n, (line, raw) in enumerate(answers, 1):
            self.cut_answer(n if numbered else None, line, raw, here)
            here |= set() if numbered else set(entries(raw)[0])

    def cut_answer(self, n, line, raw, here):
        method, url, _ = line.split(" ")
        head = raw.index(b"\r\n\r\n") + 4
        asked = decoded(raw)[2].decode() if method == "POST" else url  # a batch: the self links of its parts
        kinds = "|".join(sorted(set(re.findall(r"/(\w+)\?", asked))))
        if kinds in ("Observation", "fhir"):  # the one kind that has next pages here
            again = r"/Observation\?|_getpages="
        else:
            again = rf"^POST|/({kinds})\?"
        line = re.sub("_lastUpdated=ge[^&]*", "_lastUpdated=ge[^&]*", re.sub(UUID, "[-0-9a-f]*", re.escape(url)))
        key = str(n) if n else "/" + rf"^{method}\s{line}\s" + "/"
        for k in range(1, len(raw), STEP):
            # Ids of links differ from one answer to the next, and their compressed length with them: a cut this close behind
            # an entry's end may fall before it.
            new = not n and k >= head + SLACK and set(entries(raw[:k - SLACK])[0]) - here
            self.cases.append(Case(self, key, k, len(raw), bool(new), again, k < head))


class Result:
    def __init__(self):
        self.lock, self.bad, self.runs, self.cuts = threading.Lock(), [], collections.Counter(), 0
        self.margin = collections.defaultdict(float)

    def wrong(self, case, what):
        with self.lock:
            self.bad.append(f"{case}: {what}")


def goes_on(client, case, result):
    s = case.sweep
    status, out, stats = case.sync(client)
    rows, cuts, more = client.rows(), stats["cuts"], stats["down"] - s.uncut
    with result.lock:
        result.cuts += cuts
        result.margin[s.plan.name] = max(result.margin[s.plan.name], more / (max(cuts, 1) * s.page))
    if status or rows != s.whole:
        result.wrong(case, f"A: status {status}, {len(s.whole - rows)} rows lost, {len(rows - s.whole)} others: {out}")
    elif more > max(cuts, 1) * s.page:
        result.wrong(case, f"A: {stats['down']} bytes, uncut {s.uncut}, {cuts} cuts, page {s.page}")


def leaves_more(client, case, result):
    s = case.sweep
    client.fresh(s.plan.template)
    here = names(client.rows())
    status, out, stats = case.sync(client, last=True)
    rows, new = names(client.rows()), set()
    for _, raw in client.answers():
        found, whole = entries(raw)
        if whole:
            here |= set(found)
        else:
            new = set(found) - here
    if not status or stats["cuts"] != 1 or not new:
        result.wrong(case, f"B: no such cut: status {status}, {stats['cuts']} cuts, {len(new)} new entries: {out}")
    elif not here <= rows or not new <= rows:
        result.wrong(case, f"B: {len(here - rows)} rows lost that were here, {len(new - rows)} of {len(new)} lost that the cut left")
    status, out, _ = client.sync()
    rows = client.rows()
    if status or rows != s.whole:
        result.wrong(case, f"C: status {status}, {len(s.whole - rows)} rows lost, {len(rows - s.whole)} others: {out}")


def work(client, cases, result, servers):
    state = None
    while len(result.bad) < BAD_MAX:
        try:
            case = cases.get_nowait()
        except queue.Empty:
            return
        if state is not case.sweep:
            state = case.sweep
            set_line(client, state.plan, servers)
        try:
            goes_on(client, case, result)
            if case.salvage:
                leaves_more(client, case, result)
        except Exception as e:  # a thread's end must not look like its work's
            result.wrong(case, repr(e))
            return
        with result.lock:
            result.runs["cuts"] += 1
            result.runs["past an entry"] += case.salvage


def set_line(client, plan, servers):
    client.p("to " + servers[plan.server])
    client.p("accept " + plan.coding)


def sweep(clients, plans, servers, some, numbered):
    todo, cases, result = [], queue.Queue(), Result()
    for plan in plans:
        set_line(clients[0], plan, servers)
        todo += Sweep(clients[0], plan, numbered).cases
    if some:
        todo = todo[::max(1, len(todo) // some)][:some]
    parts = [[c for c in todo if c.slow], [c for c in todo if not c.slow]]  # evenly mixed: waiting beside working
    for _, _, case in sorted((i / len(part), id(case), case) for part in parts for i, case in enumerate(part)):
        cases.put(case)
    threads = [threading.Thread(target=work, args=(c, cases, result, servers)) for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return result, len(todo)


def make_templates(client, servers):
    """small: another run of Observation has shrunk its pages to 120: an answer's head and Bundle are then still small
    beside its rows. old: synced before the last rows came."""
    client.p("to 127.0.0.1:1")  # nobody is there: the store only learns whose it is
    client.fresh("new")
    client.sync()
    client.puller("mark", client.home, "Observation", "120")
    client.keep("small")
    client.p("to " + servers["small"])
    client.fresh("new")
    client.sync()
    client.keep("old")


def at_once(function, *each):
    threads = [threading.Thread(target=function, args=a) for a in zip(*each)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def main():
    some = next((int(a[7:]) for a in sys.argv[1:] if a.startswith("--some=")), 0)
    base = next((a for a in sys.argv[1:] if not a.startswith("--")), None)
    began = time.monotonic()
    # The stores are made and thrown away by the thousand: in memory, where that can be had.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as tmp:
        wards = {}
        for name in [] if base else ["large", "small"]:
            os.makedirs(os.path.join(tmp, name))
            wards[name] = ward.Ward(os.path.join(tmp, name), init=False)
        urls = {"base": base} if base else {name: w.url for name, w in wards.items()}
        servers = {name: url.split("/")[2] for name, url in urls.items()}
        path = next(iter(urls.values())).split("/", 3)[3]
        new = os.path.join(tmp, "new")
        subprocess.run([PULLER, "make", new], check=True)
        clients = [Client(os.path.join(tmp, str(i)), new, next(iter(servers.values())), path) for i in range(2 if base else WORKERS)]
        try:
            if base:
                plans = [Plan("first", "base", "new", "gzip")]
            else:
                plans = PLANS
                fill(wards["large"].url, 200, 60)
                fill(wards["small"].url, 0, 10)
                at_once(make_templates, clients, [servers] * len(clients))
                add(wards["small"].url, 55)
            result, cases = sweep(clients, plans, servers, some, bool(base))
            for c in clients:
                c.errors.seek(0)
                if result.bad:
                    print(c.errors.read()[-300:])
        finally:
            for c in clients:
                c.close()
            for w in wards.values():
                w.stop_server()
    for b in result.bad[:BAD_MAX]:
        print("  " + b)
    for name, m in result.margin.items():
        print(f"cuts: {name}: at most {m:.3f} page more for a cut")
    n = result.runs
    print(f"cuts: {n['cuts']} of {cases} cuts made, {n['past an entry']} of them past a new entry, {len(result.bad)} wrong, "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(1 if result.bad or n["cuts"] != cases or result.cuts < cases * (0.8 if base else 1) or not (base or n["past an entry"]) else 0)


main()
