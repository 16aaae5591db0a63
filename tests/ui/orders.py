#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prescribing on a screen: a penicillin-allergic patient's amoxicillin is stopped, a reason typed, the order read back, signed
by two digits, and is at the server once; a nurse drafts and signs nothing; keys within 300 ms of the digits are dropped; an
order is held, released, changed and stopped. Kills tests/mutants/orders-digits-unasked.patch, orders-early-keys.patch,
orders-ticked-beforehand.patch, orders-completed.patch, orders-caution-unsaid.patch.
"""
import json, os, re, sys, tempfile, time, urllib.request

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui")]
import ward
from harness import Check, Term, WARDLINE

check = Check()
ALLERGY = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}, "criticality": "high", "code": {"text": "Penicillin"},
           "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
           "reaction": [{"manifestation": [{"text": "Anaphylaxis"}]}]}
OLD = {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"}, "authoredOn": "2026-11-01",
       "medicationCodeableConcept": {"text": "lisinopril"}, "dosageInstruction": [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}, "code": {"coding": [
           {"system": "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "code": "QD"}]}}, "route": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0162", "code": "PO"}],
               "text": "by mouth"}, "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}]}]}


def at_server(w):
    with urllib.request.urlopen(f"{w.url}/MedicationRequest?_count=100") as a:
        return [e["resource"] for e in json.load(a).get("entry", [])]


def chart(w):
    t = Term([WARDLINE, "--home", w.home], term="vt100", env=w.extra)
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    t.key("\r")
    t.wait("Cover")
    return t


def flat(t):
    return re.sub(r"\s+", " ", " ".join(t.body()))


def order(t, drug, line):
    """From the chart to the read-back; the keys behind the choice of the drug."""
    t.key("O")
    check("Medicine (Esc leaves):" in t.row(24), f"the search asks on the last row: {t.text()}")
    t.key(drug)
    check(t.row(24).endswith(drug), f"what is typed is not completed: {t.row(24)}")
    t.key("\r")
    t.key("\r")
    check("No medicine is chosen" in t.text(), f"the only match is no choice: {t.text()}")
    t.key("1")
    t.key("\r")
    check("Dose:" in t.row(24), f"the line is asked for: {t.text()}")
    t.key(line)
    t.key("\r")
    return len(line) + 1


def digits(t):
    m = re.search(r"type (\d\d)\b", t.row(3))
    check(m, f"the page says which digits: {t.text()}")
    return m[1] if m else "00"


def sign(t, first=True):
    """The digits, once those typed too early were dropped."""
    time.sleep(0.4)
    t.key(digits(t))


def nurse(w):
    w.cli("init", "--server", w.url, "--demo", "--practitioner", "Practitioner/n", "--role", "nurse")
    w.cli("sync")
    with chart(w) as t:
        order(t, "amlodipine", "5 mg po daily 30d r0")
        check("DRAFT (not signed): amLODIPine - DOSE 5 mg - by mouth - once a day, for 30 days" in flat(t), f"read back: {t.text()}")
        check(flat(t).count("RAN - nothing found") + flat(t).count("COULD NOT RUN") + flat(t).count("FOUND") >= 5, f"each check says what it did: {t.text()}")
        t.key("s")
        check("drafts orders and does not sign" in t.text(), f"a nurse does not sign: {t.text()}")
        t.key("d")
        check("Kept as a draft: NOT SIGNED, NOT SENT" in t.text(), t.text())
        check("NOT SIGNED" in flat(t) and "NOT SENT" in flat(t) and "amLODIPine" in flat(t), f"the row says so: {t.text()}")
        t.key("U")
        check("drafts orders and does not sign" in t.text(), f"nor has a list to sign: {t.text()}")
    shown = w.cli("show", "p1", "medicines").stdout
    check("NOT SIGNED" in shown, f"a printout says so, too: {shown}")
    w.cli("sync")
    mine = [r for r in at_server(w) if r["id"] != "m1"]
    check(len(mine) == 1 and mine[0]["status"] == "draft" and mine[0]["recorder"]["reference"] == "Practitioner/n" and "requester" not in mine[0], f"a draft at the server: {mine}")
    return mine[0]["id"]


def stopped(w):
    w.home = os.path.join(w.tmp, "doctor")
    w.cli("init", "--server", w.url, "--demo", "--practitioner", "Practitioner/d", "--role", "prescriber")
    w.cli("sync")
    with chart(w) as t:
        order(t, "amoxicillin", "500 tid 7d")
        check("ASKED" in flat(t) and "of what? the number has no unit" in flat(t), f"what has no unit is asked: {t.text()}")
        check("NOT SAID: the number of refills" in flat(t), f"refills are not filled in: {t.text()}")
        t.key("s")
        check("NOT KEPT" in t.text(), t.text())
        t.key("j\r")  # the first choice: 500 mg
        check("of what?" not in flat(t), f"the answer stands in the line: {t.text()}")
        t.key("e")
        check(t.row(24).endswith("500 mg tid 7d"), t.row(24))
        t.key(" #21 r0\r")
        check("STOP" in flat(t) and "REASON NEEDED: " in flat(t) and "Penicillin" in flat(t), f"the allergy stops it: {t.text()}")
        check("21 (3 a day x 7 days = 21)" in flat(t), f"the quantity with its sum: {t.text()}")
        t.key("s")
        m = re.search(r"STOP: type (\d\d), then why all the same:", t.row(24))
        check(m, f"a reason is asked, behind two digits of the page: {t.text()}")
        time.sleep(0.4)
        t.key("tolerated in 2025\r")
        check(m and f"Type {m[1]} first" in t.text(), t.text())
        t.key(f"\x15{m[1]} no\r")
        check("at least 3 letters" in t.text(), t.text())
        t.key(f"\x15{m[1]} tolerated in 2025\r")
        check(t.row(3).startswith("SIGN 1 order: type "), f"signing: {t.text()}")
        check(re.search(r"LISTS +not reviewed by a clinician", flat(t)), f"what the checks rest on is said where it is signed: {t.text()}")
        check("Given all the same: tolerated in 2025" in flat(t) and "DRAFT" not in flat(t).replace("[", ""), f"what is signed is read back: {t.text()}")
        sign(t)
        check("Signed: 1 order. NOT SENT yet" in t.text(), t.text())
        check("amoxicillin - DOSE 500 mg - by mouth - 3 times a day, for 7 days" in flat(t), f"it stands in the chart: {t.text()}")
    w.cli("sync")
    w.cli("sync")
    got = [r for r in at_server(w) if "amoxicillin" in json.dumps(r)]
    check(len(got) == 1 and got[0]["status"] == "active" and got[0]["requester"]["reference"] == "Practitioner/d", f"once at the server: {got}")
    check(len(got) == 1 and "tolerated in 2025" in json.dumps(got[0]["note"]) and got[0]["dispenseRequest"] == {"numberOfRepeatsAllowed": 0, "quantity": {"value": 21}}, f"with its reason: {got}")


def signing(w, draft):
    with chart(w) as t:
        keys = order(t, "metformin", "1g bid 3d r0")
        check(not any("STOP" in l for l in t.body()), t.text())
        t.key("s")
        keys += 1
        first = digits(t)
        for _ in range(20):  # at once behind the paint, unless this machine took too long
            time.sleep(0.4)
            t.key("\x1b")
            t.wait("NOT SIGNED.")
            t.send("s")
            begun = time.monotonic()
            while "type" not in t.row(3) and time.monotonic() < begun + 10:
                t.pump(0.01)
            seen = time.monotonic()
            t.send(digits(t))
            quick = time.monotonic() - seen < 0.1
            t.rest()
            if quick:
                break
        check("dropped" in t.text() and "type" in t.row(3), f"keys within 300 ms of the paint sign nothing, and it says so: {t.text()}")
        time.sleep(0.4)
        t.key("\x1b")
        t.wait("NOT SIGNED.")
        numbers = {first}
        for _ in range(3):
            t.key("s")
            numbers.add(digits(t))
            time.sleep(0.4)
            t.key("\x1b")
            t.wait("NOT SIGNED.")
        check(len(numbers) > 1, f"other digits each time: {numbers}")
        t.key("s")
        wrong = "%02d" % (int(digits(t)) % 90 + 10 if int(digits(t)) % 90 + 10 != int(digits(t)) else 10)
        time.sleep(0.4)
        t.key(wrong)
        check("NOT SIGNED: these are not the digits" in t.text(), t.text())
        check("of others: 1" in t.row(3) and "amLODIPine" not in flat(t), f"the nurse's draft is not in the list: {t.text()}")
        t.key("q")
        t.key("U")
        check("0 ticked" in t.row(3), f"nothing is ticked beforehand: {t.text()}")
        t.key("s")
        check("Nothing is ticked" in t.text(), t.text())
        t.key("x")
        check("1 ticked" in t.row(3), t.text())
        t.key("a")
        t.key("s")
        sign(t)
        check("Signed: 1 order" in t.text(), t.text())
        check(keys + 2 <= 16, f"a usual prescription takes {keys + 2} keys")
        t.key("U")
        check("No draft of yours in this chart" in t.text(), f"nothing of one's own is left: {t.text()}")
    w.cli("sync")
    check([r["status"] for r in at_server(w) if r["id"] == draft] == ["draft"], "a nurse's draft is as it was")


def to(t, words):
    """The marker to the row with these words."""
    t.key("m")
    t.key("H")
    for _ in range(40):
        if words in flat(t) and words in t.focus():
            return
        t.key("j")
    check(False, f"no row {words}: {t.text()}")


def acting(w):
    with chart(w) as t:
        to(t, "lisinopril")
        t.key("Ah")
        check("Reason:" in t.row(24), t.text())
        t.key("surgery\r")
        check("Done: hold. NOT SENT" in t.text() and "ON HOLD (surgery): lisinopril" in flat(t), f"held: {t.text()}")
        to(t, "lisinopril")
        t.key("Al")
        check("ON HOLD" not in flat(t), f"released: {t.text()}")
        to(t, "lisinopril")
        t.key("Ac")
        check(t.row(24).endswith("DOSE 5 mg - by mouth - once a day") and "BEFORE" in flat(t), f"its doses stand in the line: {t.text()}")
        t.key("\x1510 mg po daily 30d r1\r")
        check("DOSE 10 mg" in flat(t), t.text())
        t.key("s")
        check("ENDS" in flat(t) and "DOSE 10 mg" in flat(t) and "DOSE 5 mg" in flat(t), f"both stand there before it is signed: {t.text()}")
        sign(t)
        check("Signed: 1 order" in t.text() and "STOPPED" in flat(t), f"the one before has ended: {t.text()}")
        to(t, "metFORMIN")
        t.key("As")
        t.key("\r")
        check("at least 3 letters" in t.text(), f"a stop has a reason: {t.text()}")
        t.key("renal failure\r")
        check("Done: stop" in t.text(), t.text())
        to(t, "amoxicillin")
        t.key("Ae")
        t.key("another patient's\r")
        check("Done: strike out" in t.text(), t.text())
    w.cli("sync")
    got = {r["medicationCodeableConcept"]["text"] + " " + r["status"]: r for r in at_server(w)}
    check({"lisinopril stopped", "lisinopril active", "metformin stopped", "amoxicillin entered-in-error"} <= set(got), f"at the server: {list(got)}")
    new = got.get("lisinopril active", {})
    check(new.get("priorPrescription") == {"reference": "MedicationRequest/m1"}, f"linked: {new}")
    check(got["metformin stopped"]["statusReason"] == {"text": "renal failure"}, f"{got['metformin stopped']}")
    check(got["lisinopril stopped"]["dosageInstruction"] == OLD["dosageInstruction"], "what was ordered is not rewritten")


def unnamed(w):
    w.home = os.path.join(w.tmp, "nobody")
    w.cli("init", "--server", w.url, "--demo", "--role", "prescriber")
    w.cli("sync")
    with chart(w) as t:
        order(t, "amlodipine", "5 mg po daily 30d r0")
        t.key("s")
        check("names nobody" in t.text(), f"who is not named signs nothing: {t.text()}")


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
    w.put(ward.person("p1", "Adams", "Eve"), ALLERGY, OLD)
    draft = nurse(w)
    stopped(w)
    signing(w, draft)
    acting(w)
    unnamed(w)
check.finish()
