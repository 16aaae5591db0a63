#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quota: what a sync removes, that a chart says what is not here wherever it stood, never
"none recorded" or "not recorded", that what is always kept is as it was, and that F fetches it, without a link with the
next sync. Kills tests/mutants/room-empty-said.patch, room-fetch-whole.patch and room-back-unsaid.patch.
"""
import os, random, re, sys, tempfile, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui")]
import harness, ward

check = harness.Check()
PULLER = os.path.join(ward.BUILD, "tests/sync/puller")
WORDS = r"removed from this device on \d\d-[A-Z][a-z]{2}-\d{4}, fetch with F"
CHARTS, RESULTS = 12, 40
KEPT = ("allergies", "medicines", "problems", "encounters")
GOES = {"labs": "Observation", "vitals": "Observation", "documents": "DocumentReference", "immunizations": "Immunization"}
noise = random.Random(5)


def words(n):
    return " ".join("".join(noise.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8)) for _ in range(n))


def resources(i):
    pid = f"room{i:02}"
    who = {"subject": {"reference": f"Patient/{pid}"}}
    patient = {"patient": {"reference": f"Patient/{pid}"}}
    category = "http://terminology.hl7.org/CodeSystem/observation-category"
    yield ward.person(pid, "Roomqx", "Given" + "abcdefghijklmnop"[i], birth=f"19{40 + i}-03-04")
    yield {"resourceType": "AllergyIntolerance", "id": f"al{i}", **patient, "clinicalStatus": {"coding": [{"code": "active"}]}, "code": {"text": "Penicillin"}}
    yield {"resourceType": "MedicationRequest", "id": f"mr{i}", **who, "status": "active", "intent": "order", "medicationCodeableConcept": {"text": "digoxin"},
           "dosageInstruction": [{"text": "125 mcg daily"}]}
    yield {"resourceType": "Condition", "id": f"co{i}", **who, "clinicalStatus": {"coding": [{"code": "active"}]},
           "code": {"text": "Pregnant", "coding": [{"system": "http://snomed.info/sct", "code": "77386006"}]}, "recordedDate": "2026-05-01"}
    yield {"resourceType": "Encounter", "id": f"en{i}", **who, "status": "finished", "class": {"code": "AMB"}, "period": {"start": "2026-05-01", "end": "2026-05-01"}}
    yield {"resourceType": "Immunization", "id": f"im{i}", **patient, "status": "completed", "vaccineCode": {"text": "BCG"}, "occurrenceDateTime": "2026-01-01"}
    yield {"resourceType": "DocumentReference", "id": f"do{i}", **who, "status": "current", "type": {"text": "Letter"}, "date": "2026-05-01T00:00:00Z", "description": words(60),
           "content": [{"attachment": {"contentType": "text/plain"}}]}
    for k in range(RESULTS):
        yield {"resourceType": "Observation", "id": f"ob{i}x{k}", **who, "status": "final", "code": {"text": "Potassium"}, "effectiveDateTime": f"2026-05-{k % 28 + 1:02}",
               "valueQuantity": {"value": 4.5, "unit": "mmol/L"}, "note": [{"text": words(60)}]}
    for k in range(3):
        yield {"resourceType": "Observation", "id": f"ob{i}v{k}", **who, "status": "final", "code": {"text": "Body weight", "coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
               "category": [{"coding": [{"system": category, "code": "vital-signs"}]}], "effectiveDateTime": f"2026-05-{k + 1:02}", "valueQuantity": {"value": 60 + k, "unit": "kg"}}


def chart(w, pid):
    return {s: [r["text"] for r in rows] for s, rows in w.json("show", pid)["sections"].items()}


def texts(w, pid, section):
    return chart(w, pid)[section]


def sizes(w):
    return sum(os.path.getsize(os.path.join(w.home, f)) for f in os.listdir(w.home) if f.startswith("store.wdb"))


def settings(w):
    check("quota: none" in w.cli("quota").stdout, "no quota at first")
    room = w.json("status")["room"]
    check(room["quotaBytes"] is None and room["reserveBytes"] == 16 << 20 and room["removed"] == [] and room["diskFreeBytes"], room)
    for word in ("7M", "abc", "-5", "0", "12X", "", "9999999999999T"):
        check(w.cli("quota", word, check=False).returncode in (1, 2), f"quota {word!r}")
    check(w.json("quota", "200m")["room"]["quotaBytes"] == 200 << 20, "200m")
    check(w.json("sync")["removed"] == 0, "nothing is over it")
    check(w.json("quota", "none")["room"]["quotaBytes"] is None, "none")


def removal(w):
    pid = "room03"
    before = chart(w, pid)
    kept = {f"room{i:02}": chart(w, f"room{i:02}") for i in range(4)}
    was = sizes(w)
    w.set("quota", 500000)
    p = w.cli("sync")
    check(re.search(r"removed from this device to keep its quota: \d+ rows", p.stdout), p.stdout)
    now = w.json("status")["room"]
    check(was > 900000 and now['fileBytes'] - now['emptyBytes'] <= 500000 and now["overBytes"] == 0, f"{was} bytes, then {sizes(w)}: {now}")
    gone = {r["type"]: r["charts"] for r in now["removed"]}
    check(set(gone) <= set(GOES.values()) and gone.get("Observation"), gone)
    check("removed from this device, last on" in w.cli("status").stdout, "status says it")
    for who, was in kept.items():  # no allergy, order or problem of anybody is touched
        check(all(chart(w, who)[s] == was[s] for s in KEPT[:3]), f"kept of {who}")
    full, now = w.cli("show", pid).stdout, chart(w, pid)
    check(not [s for s in GOES if "none recorded" in "".join(now[s])], "none is said to be empty")
    for s, kind in GOES.items():
        lines = now[s]
        check(len(lines) == 1 and re.fullmatch(rf"{WORDS}: [A-Za-z, ]*{kind}[A-Za-z, ]*", lines[0]), f"{s}: {lines}")
    cover = "\n".join(now["cover"])
    check(re.search(rf"Results: 0 - {WORDS}: Observation", cover) and re.search(rf"Vital signs: 0 - {WORDS}", cover), cover)
    check("delivery not recorded" not in cover and "delivery unavailable" in cover, cover)
    check("Weight not recorded" not in full and re.search("Weight unavailable - removed", full), full[:600])
    check("Penicillin" in cover and "digoxin" in cover, cover)
    p = w.cli("export", os.path.join(w.tmp, "out"), "--patient", pid)
    check("removed from this device" in p.stderr and "Observation" in p.stderr, p.stderr)
    check(re.search(r"room on the disk: .*reserve for edits held", w.cli("doctor", check=False).stdout), "doctor")
    return pid, before


def open_chart(t, pid):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.settle(quiet=0.8, first=3)
    t.key(f"/given{'abcdefghijklmnop'[int(pid[4:])]}")
    t.settle(quiet=0.5, first=2)
    t.key("\r")
    t.settle(quiet=0.5, first=2)
    if "STOP" in t.text():
        t.past_stop((pid,))
    t.settle(quiet=0.5, first=2)


def screen(w, pid, before):
    with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
        open_chart(t, pid)
        check("ROOMQX" in t.row(1), t.text())
        t.key("p")
        t.key("F")
        check("Nothing of this page was removed" in t.row(22), t.row(22))
        t.key("l")
        check("removed from this device on" in t.text() and "NOT ALL HERE" in t.row(3) and "none recorded" not in t.text(), t.text())
        t.key("=")
        check("removed from this device" in t.text() and "none recorded" not in t.text(), f"the grid: {t.text()}")
        t.key("q")
        t.key("F")
        for _ in range(60):
            t.pump(0.3)
            t.key("R")
            if "Potassium" in t.text() and "removed from" not in t.text():
                break
        check("Potassium" in t.text() and "removed from" not in t.text(), f"it is back: {t.text()}")
        t.key("q")
        t.settle(quiet=0.5, first=1)
        check("removed from" not in t.text(), f"so says the cover: {t.text()}")
    after = chart(w, pid)
    check(after == before, f"the chart is what it was: {[s for s in before if after[s] != before[s]]}")


def offline(w, pid):
    port = int(re.search(r":(\d+)/", w.url)[1])
    kept = chart(w, pid)
    held = [r for i in range(CHARTS) for r in resources(i)]
    w.stop_server()
    with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
        open_chart(t, pid)
        t.key("l")
        t.key("F")
        t.settle(quiet=1, first=4)
        t.key("R")
        t.wait("asked for: the next sync brings it")
    now = chart(w, pid)
    check([now[s] == kept[s] for s in KEPT[:3]] == [True] * 3, "what is here does not turn into NOT FETCHED")
    check("asked for: the next sync" in "".join(now["documents"]), "and show says so")
    w.start_server(port=port)
    w.put(*held)
    p = w.json("sync")
    check(p["errors"] == [], p)
    now = chart(w, pid)
    check(len(now["labs"]) == RESULTS and "Potassium" in now["labs"][0], now["labs"][:2])
    check("Letter" in "".join(now["documents"]), "documents too")
    check("removed from" in "".join(texts(w, "room07", "labs")), "others stay as they are")
    for k in (1, 2, 3):  # a count at the server that differs makes no kind NOT FETCHED
        urllib.request.urlopen(urllib.request.Request(f"{w.url}/Observation/ob7x{k}", method="DELETE"))
        w.cli("sync")
        check(w.json("status")["notFetched"] == [], f"after a deletion: {w.json('status')['notFetched']}")


def main():
    if not os.path.exists(PULLER):
        print("skipped: built without CUnit")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        w.put(*(r for i in range(CHARTS) for r in resources(i)))
        w.quick()
        w.cli("sync")
        settings(w)
        pid, before = removal(w)
        screen(w, pid, before)
        offline(w, "room05")
    check.finish()


if __name__ == "__main__":
    main()
