#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains a dictionary for the rows of the store (src/store/body.c) on made-up patients.

    train.py OUT ID [--laid-out] [--demo ./wardline-demo] [--keep DIR]

The patients are wardline-demo's, with seeds that no test uses. Each resource is written as one of several kinds of
server write it: bare or with meta, profiles and the elements of US Core; ids as numbers, words or UUIDs; compact, or, with
--laid-out, in lines as exported files and some servers have them. Names, numbers, addresses and ids are random letters, fresh each time, so
that none can stand in a dictionary: what is left is FHIR itself. No real patient's data, and no other generator's.
Wants zstd(1). The same zstd gives the same dictionary again. A dictionary that was shipped is never changed: a better
one gets the next id, and the old file stays beside it.
"""
import argparse, json, os, random, subprocess, tempfile, urllib.request

SEEDS, PATIENTS, TODAY = range(7000, 7006), 60, "2026-11-23"
BYTES = 110 << 10
UCORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
HL7 = "http://terminology.hl7.org/CodeSystem/"
PROFILE = {"Patient": "patient", "AllergyIntolerance": "allergyintolerance", "Condition": "condition-encounter-diagnosis", "Encounter": "encounter", "Immunization": "immunization",
           "Procedure": "procedure", "MedicationRequest": "medicationrequest", "DiagnosticReport": "diagnosticreport-lab", "Observation": "observation-lab", "CarePlan": "careplan",
           "CareTeam": "careteam", "Goal": "goal", "DocumentReference": "documentreference", "Practitioner": "practitioner", "Organization": "organization", "Location": "location"}


# how displays of these systems end
TAGS = {"http://loinc.org": [" [Mass/volume] in Serum or Plasma", " [Moles/volume] in Serum or Plasma", " [Presence] in Urine by Test strip", " [Mass/volume] in Urine by Test strip",
                             " [Enzymatic activity/volume] in Serum or Plasma", " [Mass/volume] in Blood", " [#/volume] in Blood by Automated count", " [Volume Fraction] of Blood by Automated count",
                             " [Entitic volume] by Automated count", " [Ratio] in Blood", " in Blood by calculation", " panel - Serum or Plasma", " panel - Blood by Automated count", " - Reported",
                             " score [Score]", " of Urine by Test strip", " [Volume Rate/Area]", " Ab [Units/volume] in Serum"],
        "http://snomed.info/sct": [" (procedure)", " (procedure)", " (disorder)", " (disorder)", " (finding)", " (situation)", " (regime/therapy)", " (substance)", " (organism)", " of left ", " of right "]}


class Lexeme(str):
    """A number as it was written."""


def fetch(url):
    while url:
        page = json.load(urllib.request.urlopen(url), parse_float=Lexeme, parse_int=Lexeme)
        yield from (e["resource"] for e in page.get("entry", ()))
        url = next((l["url"] for l in page.get("link", ()) if l["relation"] == "next"), None)


def patients(demo):
    kinds = [*PROFILE, "Flag", "Consent", "MedicationStatement", "ServiceRequest", "Task", "Appointment", "FamilyMemberHistory", "ImmunizationRecommendation", "Composition", "PractitionerRole",
             "Group", "List"]
    for seed in SEEDS:
        p = subprocess.Popen([demo, "--port", "0", "--generate", str(PATIENTS), "--seed", str(seed), "--today", TODAY], stdout=subprocess.PIPE, text=True)
        try:
            base = p.stdout.readline().split()[1].rstrip(",")
            for k in kinds:
                for r in fetch(f"{base}/{k}?_count=500"):
                    yield r
        finally:
            p.terminate()
            p.wait()


class Server:
    """One way of writing FHIR."""

    def __init__(self, rng, laid_out):
        self.rng = rng
        self.ids = rng.choice(["uuid", "uuid", "uuid", "number", "word"])
        self.urn = self.ids == "uuid" and rng.random() < 0.4
        self.meta = rng.choice(["none", "version", "version", "profile", "source"])
        self.zone = rng.choice(["Z", "+00:00", "+00:00", "-05:00", "+02:00"])
        self.millis = rng.random() < 0.6
        # blanks a level, levels that the resource lies in (3: an entry of a Bundle), a list's brackets on lines of their own
        self.layout = rng.choice([(2, 0, False), (2, 2, False), (2, 2, False), (2, 2, False), (2, 2, False), (2, 0, True), (4, 3, True)]) if laid_out else None
        self.rich = rng.random() < 0.7

    def hex(self, n):
        return "".join(self.rng.choices("0123456789abcdef", k=n))

    def letters(self, n=8):
        return "".join(self.rng.choices("bcdfghjklmnpqrstvwxz", k=n))

    def id(self):
        if self.ids == "uuid":
            return "-".join(self.hex(n) for n in (8, 4, 4, 4, 12))
        return str(self.rng.randrange(10 ** 7)) if self.ids == "number" else self.letters(10)

    def ref(self, kind, display=None):
        if kind in ("Practitioner", "Organization", "Location") and self.urn and self.rng.random() < 0.5:
            r = {"reference": f"{kind}?identifier=" + ("http://hl7.org/fhir/sid/us-npi|" + str(self.rng.randrange(10 ** 10)) if kind == "Practitioner" else "urn:ietf:rfc:3986|" + self.id())}
        else:
            r = {"reference": f"urn:uuid:{self.id()}" if self.urn else f"{kind}/{self.id()}"}
        if display or self.rich and kind in ("Practitioner", "Organization", "Location"):
            r["display"] = ("Dr. " if kind == "Practitioner" else "") + self.letters(6).capitalize() + " " + self.letters(7).capitalize()
        return r

    def time(self, old=None):
        r = self.rng
        day = f"{r.randrange(1960, 2030)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}"
        if old and len(old) == 10:
            return day
        return f"{day}T{r.randrange(24):02}:{r.randrange(60):02}:{r.randrange(60):02}" + (f".{r.randrange(1000):03}" if self.millis and r.random() < 0.4 else "") + self.zone

    # --- what must not be learnt, and what every server writes in its own way
    def own(self, x, name=""):
        if isinstance(x, list):
            return [self.own(i, name) for i in x]
        if isinstance(x, dict):
            out = {}
            for k, v in x.items():
                if k == "reference" and isinstance(v, str):
                    out.update(self.ref(v.split("/")[0]))
                elif k in ("family", "city", "district", "line", "data", "lotNumber", "name", "postalCode", "state", "div", "title", "description", "conclusion") and k != "resourceType":
                    out[k] = self.scrub(k, v)
                elif k == "given":
                    out[k] = [self.letters(6).capitalize() for _ in v]
                elif k == "value" and name in ("identifier", "telecom"):
                    out[k] = str(self.rng.randrange(10 ** 9))
                elif k == "text" and name == "name":
                    out[k] = self.letters()
                elif k == "system" and isinstance(v, str) and "wardline" in v:
                    out[k] = "http://hospital.example.org/" + self.letters(5)
                elif k == "display" and x.get("system") in TAGS and self.rng.random() < 0.7:
                    out[k] = v + self.rng.choice(TAGS[x["system"]])
                elif isinstance(v, str) and len(v) >= 10 and v[4:5] == "-" and v[7:8] == "-" and v[:4].isdigit() and not isinstance(v, Lexeme):
                    out[k] = self.time(v)
                elif isinstance(v, Lexeme) and "." in v:
                    out[k] = Lexeme(f"{self.rng.uniform(0, 200):.{self.rng.choice([1, 1, 2, 4])}f}")
                else:
                    out[k] = self.own(v, k)
            return out
        return x

    def scrub(self, k, v):
        if k == "div":
            return f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{self.letters()} {self.letters()}.</p></div>'
        if isinstance(v, list):
            return [self.own(i, k) if isinstance(i, dict) else self.letters() for i in v]
        return self.own(v, k) if isinstance(v, dict) else self.letters(len(v) // 2 + 1).capitalize()

    # --- elements of US Core that the demo ward has no use for
    def concept(self, system, code, display, text=None):
        c = {"coding": [{"system": system, "code": code, "display": display}]}
        return {**c, "text": text} if text else c

    def enrich(self, r):
        t, rng = r["resourceType"], self.rng
        encounter = t in ("Observation", "DiagnosticReport", "Condition", "MedicationRequest", "Procedure", "Immunization", "CarePlan", "CareTeam")
        if encounter and rng.random() < 0.9:
            r = self.after(r, "patient" if t == "Immunization" else "subject", {"encounter": self.ref("Encounter")})
        if t in ("Observation", "DiagnosticReport") and "effectiveDateTime" in r:
            r["effectiveDateTime"] = self.time()
            r["issued"] = self.time()
        if t == "Condition":
            r["category"] = [self.concept(HL7 + "condition-category", *rng.choice([("encounter-diagnosis", "Encounter Diagnosis"), ("problem-list-item", "Problem List Item")]))]
            r["onsetDateTime"] = self.time()
            if rng.random() < 0.5:
                r["clinicalStatus"] = {"coding": [{"system": HL7 + "condition-clinical", "code": "resolved"}]}
                r["abatementDateTime"] = self.time()
            r["recordedDate"] = self.time()
        if t == "Procedure" and rng.random() < 0.8:
            r.pop("performedDateTime", None)
            r["performedPeriod"] = {"start": self.time(), "end": self.time()}
            if rng.random() < 0.5:
                r["location"] = self.ref("Location", True)
            if rng.random() < 0.4:
                r["reasonReference"] = [self.ref("Condition", True)]
        if t == "Encounter":
            name = self.ref("Patient", True)
            r["class"] = {"system": HL7 + "v3-ActCode", "code": rng.choice(["AMB", "AMB", "EMER", "IMP", "VR", "HH"])}
            r["subject"] = name
            r["participant"] = [{"type": [self.concept(HL7 + "v3-ParticipationType", "PPRF", "primary performer", "primary performer")], "period": {"start": self.time(), "end": self.time()},
                                 "individual": self.ref("Practitioner", True)}]
            if rng.random() < 0.5:
                r["identifier"] = [{"use": "official", "system": "http://hospital.example.org/" + self.letters(6), "value": self.id()}]
            r["location"] = [{"location": self.ref("Location", True)}]
            r["serviceProvider"] = self.ref("Organization", True)
            if rng.random() < 0.4:
                r["reasonCode"] = [self.concept("http://snomed.info/sct", str(rng.randrange(10 ** 8)), self.letters())]
        if t == "DiagnosticReport" and rng.random() < 0.5:
            r["category"] = [self.concept("http://loinc.org", "34117-2", "History and physical note"), self.concept("http://loinc.org", "51847-2", "Evaluation + Plan note")]
            r["presentedForm"] = [{"contentType": "text/plain; charset=utf-8", "data": self.letters(20)}]
            r["performer"] = [self.ref("Practitioner", True)]
        if t == "MedicationRequest":
            r["requester"] = self.ref("Practitioner", True)
            r["category"] = [self.concept(HL7 + "medicationrequest-category", "community", "Community", "Community")]
            if rng.random() < 0.5:
                r["reasonReference"] = [self.ref("Condition", True)]
            r["authoredOn"] = self.time()
            r["status"] = rng.choice(["active", "stopped", "completed"])
            if rng.random() < 0.6:
                r["dosageInstruction"] = [{"sequence": Lexeme("1"), "timing": {"repeat": {"frequency": Lexeme("1"), "period": Lexeme(str(rng.randrange(1, 9))), "periodUnit": "d"}}, "asNeededBoolean": False,
                                           "doseAndRate": [{"type": {"coding": [{"system": HL7 + "dose-rate-type", "code": "ordered", "display": "Ordered"}]},
                                                            "doseQuantity": {"value": Lexeme("1")}}]}]
        if t == "Immunization":
            r["occurrenceDateTime"] = self.time()
            r["location"] = self.ref("Location", True)
        if t == "Patient":
            r = self.person(r)
        if t in ("Organization", "Practitioner"):
            r["identifier"] = [{"system": rng.choice(["http://hl7.org/fhir/sid/us-npi", "urn:ietf:rfc:3986"]), "value": self.id()}]
            r["telecom"] = [{"system": "phone", "value": str(rng.randrange(10 ** 9)), "use": "work"}, {"system": "email", "value": self.letters() + "@example.com", "use": "work"}]
            r["address"] = [{"line": [self.letters(12).upper()], "city": self.letters(8).upper(), "state": "XX", "postalCode": str(rng.randrange(10 ** 5)), "country": "US"}]
        return r

    @staticmethod
    def after(r, name, more):
        out = {}
        for k, v in r.items():
            out[k] = v
            if k == name:
                out.update(more)
        return out

    def person(self, r):
        rng = self.rng
        race = [{"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3", "display": "White"}}, {"url": "text", "valueString": "White"}]
        r["extension"] = [{"url": UCORE + "race", "extension": race}, {"url": UCORE + "ethnicity", "extension": race},
                          {"url": "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName", "valueString": self.letters()}, {"url": UCORE + "birthsex", "valueCode": rng.choice("FM")},
                          {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": self.letters(), "state": self.letters(), "country": "US"}}]
        r["identifier"] = [{"type": self.concept(HL7 + "v2-0203", code, words, words), "system": system, "value": self.id()} for code, words, system in
                           (("MR", "Medical Record Number", "http://hospital.example.org"), ("SS", "Social Security Number", "http://hl7.org/fhir/sid/us-ssn"),
                            ("DL", "Driver's License", "urn:oid:2.16.840.1.113883.4.3.25"), ("PPN", "Passport Number", "http://standardhealthrecord.org/fhir/StructureDefinition/passportNumber"))]
        r["telecom"] = [{"system": "phone", "value": str(rng.randrange(10 ** 9)), "use": "home"}]
        r["maritalStatus"] = self.concept(HL7 + "v3-MaritalStatus", "M", "Married", "Married")
        r["multipleBirthBoolean"] = False
        r["communication"] = [{"language": self.concept("urn:ietf:bcp:47", "en-US", "English (United States)", "English (United States)")}]
        return r

    def resource(self, r):
        r = self.own(r)
        if self.rich:
            r = self.enrich(r)
        t, meta = r.pop("resourceType"), {}
        r.pop("id", None)
        r.pop("meta", None)
        if self.meta in ("version", "source"):
            meta = {"versionId": str(self.rng.randrange(1, 9)), "lastUpdated": self.time()}
        if self.meta == "source":
            meta["source"] = "#" + self.letters(16)
        if self.meta == "profile" or self.meta == "version" and self.rng.random() < 0.3:
            meta["profile"] = [UCORE + PROFILE.get(t, "basic")]
        return {"resourceType": t, "id": self.id(), **({"meta": meta} if meta else {}), **r}

    # --- layout
    def write(self, r):
        return laid_out(r, *self.layout) if self.layout else flat(r)


def scalar(x):
    return x if isinstance(x, Lexeme) else json.dumps(x, ensure_ascii=False)


def flat(x):
    if isinstance(x, dict):
        return "{" + ",".join(json.dumps(k) + ":" + flat(v) for k, v in x.items()) + "}"
    if isinstance(x, list):
        return "[" + ",".join(map(flat, x)) + "]"
    return scalar(x)


def laid_out(x, blanks, depth, lines):
    pad, end = "\n" + " " * blanks * (depth + 1), "\n" + " " * blanks * depth
    if isinstance(x, dict) and x:
        return "{" + ",".join(pad + json.dumps(k) + ": " + laid_out(v, blanks, depth + 1, lines) for k, v in x.items()) + end + "}"
    if isinstance(x, list) and lines:
        return "[" + ",".join(pad + laid_out(v, blanks, depth + 1, lines) for v in x) + end + "]"
    if isinstance(x, list):
        return "[ " + ", ".join(laid_out(v, blanks, depth, lines) for v in x) + " ]"
    return scalar(x)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("out")
    p.add_argument("id", type=int)
    p.add_argument("--laid-out", action="store_true")
    p.add_argument("--demo", default="./wardline-demo")
    p.add_argument("--keep", help="leave the samples in this folder")
    o = p.parse_args()
    rng = random.Random(o.id)
    with tempfile.TemporaryDirectory() as tmp:
        folder = o.keep or tmp
        os.makedirs(folder, exist_ok=True)
        servers = [Server(rng, o.laid_out) for _ in range(200)]
        n = 0
        seen = {}
        for r in patients(o.demo):
            t = r["resourceType"]
            seen[t] = seen.get(t, 0) + 1
            times = 3 if seen[t] < 400 else 1 # what is rare is heard as well
            if t == "Observation" and rng.random() < 0.5:
                continue
            for _ in range(times):
                s = rng.choice(servers)
                with open(os.path.join(folder, f"{n:06}"), "w", encoding="utf-8") as f:
                    f.write(s.write(s.resource(r)))
                n += 1
        subprocess.run(["zstd", "-q", "--train", "-r", folder, f"--maxdict={BYTES}", f"--dictID={o.id}", "-f", "-o", o.out], check=True)
    print(f"{n} samples, {os.path.getsize(o.out)} bytes")


main()
