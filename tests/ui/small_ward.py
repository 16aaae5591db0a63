# SPDX-License-Identifier: GPL-3.0-or-later
"""A small made-up ward that stays the same: eight patients, one of them with something in every section, for the tests that
compare whole screens (golden.py), walk a clinic's day (clinic.py) and follow numbers (columns.py). Numbers stand as a
server would send them, their zeros kept. It stands on Monday, 23 November 2026 (tests/tools/fixed_clock.c).
"""
import json, os

TERMS = "http://terminology.hl7.org/CodeSystem/"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
FULL, CHILD, HARD = "okafor", "child", "smith-2"  # the chart with everything; the one that grows; the second of three namesakes


def person(pid, family, given, birth, gender="female", **more):
    return {"resourceType": "Patient", "id": pid, "gender": gender, "birthDate": birth, "name": [{"use": "official", "family": family, "given": given.split()}],
            "identifier": [{"system": "urn:ids:hospital", "value": "MRN-" + pid.upper()}], **more}


def concept(text, system=None, code=None):
    return {"text": text, **({"coding": [{"system": system, "code": code, "display": text}]} if code else {})}


def state(system, code):
    return {"coding": [{"system": TERMS + system, "code": code}]}


def q(value, unit, code=None):
    """value is digits as they are to stand in the JSON."""
    return {"value": "@" + value, "unit": unit, "system": UCUM, "code": code or unit}


def observation(pid, oid, category, code, name, day, value, unit, low=None, high=None, flag=None, status="final", **more):
    out = {"resourceType": "Observation", "id": oid, "status": status, "subject": {"reference": "Patient/" + pid}, "effectiveDateTime": day,
           "category": [state("observation-category", category)], "code": concept(name, LOINC, code), **more}
    if value is not None:
        out["valueQuantity"] = q(value, unit)
    if low or high:
        out["referenceRange"] = [{**({"low": q(low, unit)} if low else {}), **({"high": q(high, unit)} if high else {})}]
    if flag:
        out["interpretation"] = [state("v3-ObservationInterpretation", flag)]
    return out


def labs(pid):
    at = lambda day, hour="08:15": f"2026-{day}T{hour}:00Z"
    series = [("11-23", "6.8", "HH"), ("11-20", "5.9", "H"), ("11-16", "5.10", None), ("11-09", "4.40", None), ("10-19", "4.10", None), ("09-14", "3.90", None), ("08-03", "4.00", None)]
    out = [observation(pid, f"k{n}", "laboratory", "2823-3", "Potassium", at(day), value, "mmol/L", "3.5", "5.0", flag) for n, (day, value, flag) in enumerate(series)]
    out += [observation(pid, f"cr{n}", "laboratory", "2160-0", "Creatinine", at(day), value, "umol/L", "45", "84", flag)
            for n, (day, value, flag) in enumerate((("11-23", "184", "H"), ("11-16", "121", "H"), ("10-19", "98", "H"), ("08-03", "80", None)))]
    out += [observation(pid, "hb0", "laboratory", "718-7", "Haemoglobin", at("11-20"), "9.70", "g/dL", "12.0", "15.5", "L"),
            observation(pid, "hb1", "laboratory", "718-7", "Haemoglobin", at("10-19"), "10.40", "g/dL", "12.0", "15.5", "L"),
            observation(pid, "hbc", "laboratory", "718-7", "Haemoglobin", at("09-14"), "11.20", "g/dL", "12.0", "15.5", "L", status="corrected",
                        note=[{"text": "Replaces 12.1 of another sample"}]),
            observation(pid, "crp", "laboratory", "1988-5", "CRP", at("11-20"), "5", "mg/L", None, "5")]
    out[-1]["valueQuantity"]["comparator"] = "<"
    return out


def vitals(pid):
    out = [observation(pid, f"w{n}", "vital-signs", "29463-7", "Body weight", f"2026-{day}", value, "kg") for n, (day, value) in enumerate((("11-23", "71.50"), ("10-19", "73.20"), ("08-03", "75.0")))]
    bp = observation(pid, "bp", "vital-signs", "85354-9", "Blood pressure", "2026-11-23T09:00:00Z", None, None)
    bp["component"] = [{"code": concept("Systolic", LOINC, "8480-6"), "valueQuantity": q("165", "mm[Hg]")},
                       {"code": concept("Diastolic", LOINC, "8462-4"), "valueQuantity": q("112", "mm[Hg]")}]
    return out + [bp, observation(pid, "temp", "vital-signs", "8310-5", "Body temperature", "2026-11-23T09:00:00Z", "38.20", "Cel")]


def drug(pid, mid, name, status, day, dose, unit, words, **more):
    return {"resourceType": "MedicationRequest", "id": mid, "subject": {"reference": "Patient/" + pid}, "status": status, "intent": "order", "authoredOn": day,
            "medicationCodeableConcept": concept(name), "dosageInstruction": [{"text": words, "doseAndRate": [{"doseQuantity": q(dose, unit)}], "route": {"text": "oral"}}], **more}


def medicines(pid):
    return [drug(pid, "m1", "warfarin", "active", "2026-11-02", "5.0", "mg", "one tablet in the evening"),
            drug(pid, "m2", "metformin", "on-hold", "2026-09-14", "500", "mg", "twice a day with food", statusReason={"text": "kidney function"}),
            drug(pid, "m3", "prednisolone", "active", "2026-11-20", "20", "mg", "each morning for seven days"),
            drug(pid, "m4", "amoxicillin", "stopped", "2026-11-21", "500", "mg", "three times a day", statusReason={"text": "rash"}),
            drug(pid, "m5", "levothyroxine", "active", "2026-08-03", "0.125", "mg", "each morning before food, at least half an hour before any other medicine, "
                 "and never together with calcium or iron tablets"),
            {"resourceType": "MedicationStatement", "id": "ms1", "status": "active", "subject": {"reference": "Patient/" + pid}, "effectiveDateTime": "2026-10-19",
             "medicationCodeableConcept": concept("St John's wort"), "dosage": [{"text": "one capsule a day"}]}]


def allergies(pid):
    one = lambda aid, text, **more: {"resourceType": "AllergyIntolerance", "id": aid, "patient": {"reference": "Patient/" + pid}, "code": concept(text),
                                     "clinicalStatus": state("allergyintolerance-clinical", "active"),
                                     "verificationStatus": state("allergyintolerance-verification", "confirmed"), "recordedDate": "2019-05-04", **more}
    return [one("a1", "Penicillin", criticality="high", reaction=[{"manifestation": [concept("Anaphylaxis"), concept("Rash")], "severity": "severe"}]),
            one("a2", "Latex", criticality="low", reaction=[{"manifestation": [concept("Itching")]}])]


def story(pid):
    me = {"subject": {"reference": "Patient/" + pid}}
    condition = lambda cid, text, status, day: {"resourceType": "Condition", "id": cid, **me, "code": concept(text), "clinicalStatus": state("condition-clinical", status),
                                                "verificationStatus": state("condition-ver-status", "confirmed"), "onsetDateTime": day, "recordedDate": day}
    return [condition("c1", "Chronic kidney disease stage 3", "active", "2022-03-01"), condition("c2", "Atrial fibrillation", "active", "2024-06-11"),
            condition("c3", "Pneumonia", "resolved", "2025-01-15"),
            {"resourceType": "Flag", "id": "f1", "status": "active", **me, "code": concept("Fall risk"), "category": [concept("Safety")]},
            {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"system": TERMS + "v3-ActCode", "code": "AMB", "display": "ambulatory"}, **me,
             "period": {"start": "2026-11-20T09:00:00Z", "end": "2026-11-20T09:40:00Z"}, "type": [concept("Kidney clinic")], "reasonCode": [concept("Rising potassium")]},
            {"resourceType": "Immunization", "id": "i1", "status": "completed", "patient": me["subject"], "vaccineCode": concept("Influenza vaccine"), "occurrenceDateTime": "2026-10-19",
             "lotNumber": "FLU-0042", "doseQuantity": q("0.5", "mL")},
            {"resourceType": "DiagnosticReport", "id": "r1", "status": "final", **me, "code": concept("Renal panel"), "effectiveDateTime": "2026-11-23", "conclusion": "Potassium 6.8, repeated",
             "result": [{"reference": "Observation/k0"}, {"reference": "Observation/cr0"}]},
            {"resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order", **me, "code": concept("Renal ultrasound"), "authoredOn": "2026-11-20"},
            {"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order", "for": me["subject"], "description": "Call about potassium", "authoredOn": "2026-11-23",
             "restriction": {"period": {"end": "2026-11-21"}}},
            {"resourceType": "CarePlan", "id": "p1", "status": "active", "intent": "plan", **me, "title": "Kidney care plan", "period": {"start": "2026-01-10"}},
            {"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active", **me, "description": concept("Blood pressure below 140/90"), "startDate": "2026-01-10"},
            {"resourceType": "Appointment", "id": "ap1", "status": "booked", "start": "2026-12-07T10:00:00Z", "end": "2026-12-07T10:20:00Z", "description": "Kidney clinic review",
             "participant": [{"actor": me["subject"], "status": "accepted"}]},
            {"resourceType": "Procedure", "id": "pr1", "status": "completed", **me, "code": concept("Kidney biopsy"), "performedDateTime": "2023-02-14"},
            {"resourceType": "FamilyMemberHistory", "id": "fh1", "status": "completed", "patient": me["subject"], "relationship": concept("Mother"),
             "condition": [{"code": concept("Polycystic kidney disease")}]},
            {"resourceType": "DocumentReference", "id": "d1", "status": "current", **me, "type": concept("Discharge letter"), "date": "2025-01-20T12:00:00Z", "description": "Letter after pneumonia",
             "content": [{"attachment": {"contentType": "text/plain", "title": "letter.txt", "data": "VGhlIGNoZXN0IGlzIGNsZWFyLiBGb2xsb3cgdXAgaW4gc2l4IHdlZWtzLg=="}}]},
            {"resourceType": "Composition", "id": "co1", "status": "final", "type": concept("Progress note"), **me, "date": "2026-11-20T10:00:00Z", "title": "Kidney clinic note", "author": [{"display": "Dr M. Iyer"}],
             "section": [{"title": "Plan", "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Stop metformin.</p><p>Repeat potassium on Monday.</p></div>'}}]}]


def child():
    rows = [("2026-11-16", "9.80", "78.5"), ("2026-08-17", "9.10", "74.0"), ("2026-05-18", "7.90", "67.5"), ("2026-02-16", "6.20", "61.0"), ("2025-11-24", "3.40", "50.0")]
    out = [person(CHILD, "ADEYEMI", "Tunde", "2025-11-20", "male")]
    for n, (day, kg, cm) in enumerate(rows):
        out += [observation(CHILD, f"cw{n}", "vital-signs", "29463-7", "Body weight", day, kg, "kg"), observation(CHILD, f"ch{n}", "vital-signs", "8302-2", "Body height", day, cm, "cm")]
    return out


def resources():
    ward = [person(FULL, "OKAFOR", "Anna Ngozi", "1958-11-06"), person("smith-1", "SMITH", "John", "1948-02-29", "male"), person(HARD, "SMITH", "John", "1948-03-02", "male"),
            person("smith-3", "SMITH", "Jon", "1951-07-30", "male"), person("dead", "QUENELL", "Edith", "1939-04-17", deceasedDateTime="2026-05-01"),
            person("accents", "\u00c5NGSTR\u00d6M", "Zo\u00eb", "1984"), person("wide", "\u6b27\u967d", "\u83f2\u83f2", "1990-12-31"),
            person("right", "\u0645\u062d\u0645\u062f", "\u0627\u0644\u062d\u0633\u0646", "1975-06-01", "male")]
    visits = [{"resourceType": "Encounter", "id": f"ev{n}", "status": "finished", "class": {"system": TERMS + "v3-ActCode", "code": "AMB", "display": "ambulatory"},
               "subject": {"reference": f"Patient/smith-{n}"}, "period": {"start": f"2026-10-0{n}T09:00:00Z"}, "location": [{"location": {"display": f"Room {n}"}}],
               "participant": [{"individual": {"display": "Dr M. Iyer"}}]} for n in (1, 2, 3)]
    none = {"resourceType": "AllergyIntolerance", "id": "nka", "patient": {"reference": "Patient/" + HARD}, "clinicalStatus": state("allergyintolerance-clinical", "active"),
            "code": concept("No known allergy", "http://snomed.info/sct", "716186003")}
    return ward + visits + [none] + allergies(FULL) + medicines(FULL) + story(FULL) + labs(FULL) + vitals(FULL) + child()


NEAR = "patient/otieno,twin-a,twin-h,wanjiru,brown"  # whom the second profile keeps of its server


def near():
    """A second ward, of which a profile keeps NEAR: a household by phone, address and relation, somebody who shares nothing,
    and patients who are on the server alone."""
    home = lambda line, city="Kilifi": [{"use": "home", "line": [line], "city": city}]
    phone = lambda number: [{"system": "phone", "value": number}]
    out = [person("otieno", "OTIENO", "Grace", "1990-01-02", telecom=phone("+254 722 123 456"), address=home("12 Mill Lane"),
                  link=[{"type": "seealso", "other": {"reference": "RelatedPerson/rp1"}}]),
           person("twin-a", "OTIENO", "Amina", "2024-05-05", address=home("12, Mill Lane")), person("twin-h", "OTIENO", "Halima", "2024-05-05", address=home("12 mill lane")),
           person("wanjiru", "WANJIRU", "Ruth", "1950-03-03", telecom=phone("0722-123456"), address=home("7 Hill Road")),
           person("brown", "BROWN", "Bob", "1970-04-04", "male", address=home("99 Far Street", "Malindi")),
           person("otieno-4", "OTIENO", "Akinyi", "2001-08-19", address=home("4 Beach Road", "Mombasa")),
           person("dead-2", "OTIENO", "Owuor", "1939-04-17", "male", deceasedDateTime="2026-05-01")]
    out += [person(f"many-{n:02}", "MWANGI", "Given" + "abcdefghij"[n // 10] + "abcdefghij"[n % 10], "1990-05-06") for n in range(53)]
    return out + [{"resourceType": "RelatedPerson", "id": "rp1", "patient": {"reference": "Patient/twin-a"}, "relationship": [concept("mother")], "telecom": phone("0722 123 456")},
                  {"resourceType": "RelatedPerson", "id": "rp2", "patient": {"reference": "Patient/twin-h"}, "relationship": [concept("mother")], "telecom": phone("0722 123 456")}]


def text_of(document):
    """JSON in which a number stands as it was written here."""
    return json.dumps(document, ensure_ascii=False).replace('"@', "\x00").replace('", "unit"', ', "unit"').replace("\x00", "")


def load(w, all_=None):
    """Puts it on the demo server of a ward.Ward."""
    w.put(*(all_ or resources()))
