#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is really full: a file system of 48 MiB in a user namespace of its own. Edits and their audit rows are kept
by the reserve; a sync and an import stop, say so in one line and leave the reserve to the edits; what is over the quota
goes even then; with room again everything is as ever. Kills tests/mutants/room-no-reserve.patch and
room-fill-takes-reserve.patch.
"""
import json, os, random, re, subprocess, sys, tempfile, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude

PULLER = os.path.join(ward.BUILD, "tests/sync/puller")
RESERVE = 16 << 20
FULL = "the disk is full: what came whole is kept; free some room on it, or let the store take less (`wardline quota')"
noise = random.Random(3)


def words(n):
    return " ".join("".join(noise.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8)) for _ in range(n))


def observations(chart, n, start=0):
    for k in range(start, start + n):
        yield {"resourceType": "Observation", "id": f"{chart}o{k}", "status": "final", "subject": {"reference": f"Patient/{chart}"}, "code": {"text": "Potassium"},
               "effectiveDateTime": "2026-05-01", "valueQuantity": {"value": 4.5, "unit": "mmol/L"}, "note": [{"text": words(80)}]}


def dose(n):
    return json.dumps({"resourceType": "MedicationAdministration", "status": "completed", "subject": {"reference": "Patient/p1"},
                       "medicationCodeableConcept": {"text": "digoxin"}, "effectiveDateTime": "2026-11-20", "dosage": {"text": f"125 mcg, dose {n}"}})


def fill(path):
    """Every byte that is left. A file that is there grows."""
    with open(path, "ab", buffering=0) as f:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while f.write(b"x" * size) == size:
                    pass
            except OSError:
                pass


def free(path):
    v = os.statvfs(path)
    return v.f_bavail * v.f_frsize


def room(w):
    return w.json("status")["room"]


def doses(w):
    """What the server has, once each, and what waits."""
    with urllib.request.urlopen(w.url + "/MedicationAdministration?_count=200") as a:
        there = [e["resource"] for e in json.load(a).get("entry", [])]
    waits = [json.loads(w.cli("get", q["resource"]).stdout) for q in w.json("queue")]
    texts = [r["dosage"]["text"] for r in there]
    check("no dose is there twice", len(texts) == len(set(texts)), texts)
    return set(texts) | {r["dosage"]["text"] for r in waits}


def edits(w, filler):
    """Whoever ends leaves the reserve to the next one, who takes it back while it is there; here somebody else is quicker."""
    ops = []
    for n in range(25):
        p = w.cli("put", input=dose(n), check=False)
        check(f"put {n} on a full disk", p.returncode == 0 and re.match(r"[0-9a-f-]{36}", p.stdout.split()[-1] if p.stdout else ""), (p.returncode, p.stderr))
        ops.append(p.stdout.split()[-1] if p.stdout else "")
        if n == 0:
            check("the reserve was given up for it", not os.path.exists(os.path.join(w.home, "reserve")), os.listdir(w.home))
        elif n == 12:
            with open(filler, "ab") as f:
                f.write(b"x" * (2 << 20))
    check("there is no room for the reserve", room(w)["reserveBytes"] == 0, room(w))
    check("all of them are there", [q["op"] for q in w.json("queue")] == ops, len(w.json("queue")))
    shown = w.cli("show", "p1", "medicines")
    check("a chart opens, its audit row is kept", "125 mcg, dose 24" in shown.stdout, shown.stderr)
    check("doctor", re.search(r"FAIL  room on the disk: .*reserve for edits NOT HELD", w.cli("doctor", check=False).stdout))
    return ops


def pull(w, ops, disk):
    w.put(*observations("p1", 150, 1000))
    for how in (("sync",), ("import", os.path.join(w.tmp, "put.json"))):
        p = w.cli(*how, check=False)
        check(f"{how[0]} stops, and says so in one line", p.returncode == 4 and p.stderr == f"wardline: {FULL}\n", (p.returncode, p.stderr))
    check("what the reserve left is left for edits", free(disk) > RESERVE // 2, free(disk))
    p = w.cli("put", input=dose(99), check=False)
    check("a put behind it", p.returncode == 0, p.stderr)
    check("each dose is at the server or waits for it", doses(w) == {f"125 mcg, dose {n}" for n in (*range(25), 99)}, sorted(doses(w)))


def quota(w, disk, filler):
    """Removal has to write before it can give anything back."""
    fill(filler)
    check("full once more, with the reserve", room(w)["reserveBytes"] == RESERVE and free(disk) < 65536, free(disk))
    w.set("quota", 700000)
    was = os.path.getsize(os.path.join(w.home, "store.wdb"))
    p = w.cli("sync", check=False)
    now = room(w)["fileBytes"] - room(w)["emptyBytes"]
    check("a sync removes what is over it", p.returncode in (0, 4) and was > 900000 and now < 700000, (p.returncode, p.stderr, was, now))
    check("and says so in the chart", "removed from this device" in w.cli("show", "p0", "labs").stdout, "")
    check("no edit goes", len(doses(w)) == 26 and len(w.json("show", "p1")["sections"]["medicines"]) >= 26, len(doses(w)))
    os.unlink(filler)
    p = w.cli("sync", check=False)
    check("then there is room", p.returncode == 0 and room(w)["reserveBytes"] == RESERVE, (p.returncode, p.stderr, room(w)))


def main(tmp):
    disk = os.path.join(tmp, "disk")
    filler = os.path.join(disk, "filler")
    with ward.Ward(tmp, init=False) as w:
        for i in range(3):
            w.put(ward.person(f"p{i}", "Room", "Ann"), *observations(f"p{i}", 100))
        w.home = os.path.join(disk, "home")
        w.quick()
        w.cli("sync")
        check("the reserve is held", room(w)["reserveBytes"] == RESERVE, room(w))
        fill(filler)
        ops = edits(w, filler)
        pull(w, ops, disk)
        os.unlink(filler)
        p = w.cli("sync", check=False)
        check("with room a sync goes on", p.returncode == 0, p.stderr)
        check("with all rows", w.json("status")["counts"]["Observation"] == 450, w.json("status")["counts"])
        check("and the reserve is held", room(w)["reserveBytes"] == RESERVE, room(w))
        quota(w, disk, filler)
        check("all doses are at the server", len(doses(w)) == 26 and w.json("queue") == [], w.json("queue"))
        check("the store is sound", w.cli("verify", check=False).returncode == 0, w.cli("verify", check=False).stdout)
    conclude("full_disk")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    if not os.path.exists(PULLER):
        print("skipped: built without CUnit")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as tmp:
        os.mkdir(os.path.join(tmp, "disk"))
        mount = ["sh", "-c", 'mount -t tmpfs -o size=48m,mode=700 none "$1/disk" && shift && exec "$@"', "sh", tmp]
        for how in ("-rm", "-m"):  # in a changed root there is no user namespace, but root needs none
            inside = ["unshare", how, *mount]
            try:
                able = subprocess.run([*inside, "true"], capture_output=True).returncode == 0
            except FileNotFoundError:
                able = False
            if able:
                break
        if not able:
            print("skipped: no file system can be mounted for this process alone here")
            sys.exit(77)
        sys.exit(subprocess.run([*inside, sys.executable, os.path.abspath(__file__), tmp]).returncode)
