# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up charts in which every text of a patient, names and rows alike, holds that patient's own token: a word
that no other patient's data has. Where two tokens stand on one screen, two patients are mixed.
"""
import json, os

VOWELS, CONSONANTS = "aeiou", "bdfgklmnprstvz"
LABS = [("718-7", "Hemoglobin", "13.20", "g/dL"), ("2823-3", "Potassium", "4.10", "mmol/L"), ("2160-0", "Creatinine", "0.90", "mg/dL")]


def token(i):
    """Zubaro, Zubemo ...: six letters, and no two alike."""
    c, v = len(CONSONANTS), len(VOWELS)
    return "Z" + VOWELS[i % v] + CONSONANTS[i // v % c] + VOWELS[i // v // c % v] + CONSONANTS[(3 * i + 1) % c] + VOWELS[(i + 2) % v]


def chart(i, rows):
    t, pid = token(i), f"tok{i}"
    subject = {"reference": f"Patient/{pid}"}
    said = lambda words: {"text": f"{words} {t}"}
    active = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    allergic = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}
    out = [{"resourceType": "Patient", "id": pid, "gender": "female", "birthDate": f"19{50 + i % 40}-03-{1 + i % 28:02d}",
            "name": [{"use": "official", "family": t, "given": ["Anna" + t.lower()]}],
            "identifier": [{"system": "urn:ids", "value": f"{t}-{1000 + i}"}]},
           {"resourceType": "AllergyIntolerance", "id": f"{pid}-a", "patient": subject, "clinicalStatus": allergic, "code": said("Penicillin")}]
    for k in range(rows):
        day = f"2026-{1 + k % 10:02d}-{1 + k % 28:02d}"
        out.append({"resourceType": "Condition", "id": f"{pid}-c{k}", "subject": subject, "clinicalStatus": active, "code": said(f"Problem {k}"), "recordedDate": day})
        out.append({"resourceType": "MedicationRequest", "id": f"{pid}-m{k}", "subject": subject, "status": "active", "intent": "order",
                    "authoredOn": day, "medicationCodeableConcept": said(f"metformin {k}"),
                    "dosageInstruction": [{"text": f"tablet {t}", "doseAndRate": [{"doseQuantity": {"value": 5, "unit": "mg"}}]}]})
        code, name, value, unit = LABS[k % 3]
        out.append({"resourceType": "Observation", "id": f"{pid}-l{k}", "subject": subject, "status": "final", "effectiveDateTime": day,
                    "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
                    "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": f"{name} {t}"},
                    "valueQuantity": {"value": "@" + value, "unit": unit}})
    return out


def load(w, patients, rows):
    """Puts so many charts on the demo server of a ward.Ward, a transaction each; their tokens."""
    names = [token(i) for i in range(patients)]
    assert len(set(names)) == patients
    for i in range(patients):
        w.put(*chart(i, rows))
    return names
