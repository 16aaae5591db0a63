#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`wardline form`: without a profile. check says in sentences what is wrong; preview fits 80 columns; test reads answers as
typed, in the language's way, says what was asked back, and gives one JSON document; each ends with its exit status.
"""
import glob, json, os, subprocess, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude

VITALS = os.path.join(TOP, "forms/vitals.json")
ALLERGY = os.path.join(TOP, "forms/allergy.json")


def run(*args, stdin=None):
    return subprocess.run([ward.WARDLINE, "--home", "/nonexistent", "form", *args], input=stdin, capture_output=True, text=True,
                          env=ward.environment())


def main():
    with tempfile.TemporaryDirectory() as tmp:
        def file(name, text):
            path = os.path.join(tmp, name)
            open(path, "w", encoding="utf-8").write(text)
            return path

        p = run("check", VITALS)
        check("a form of the program has nothing to be said of", p.returncode == 0 and p.stdout.count("\n") == 1, repr(p))
        circle = {"resourceType": "Questionnaire", "item": [{"linkId": a, "type": "string", "enableWhen": [
            {"question": b, "operator": "exists", "answerBoolean": True}]} for a, b in (("one\x1b", "two"), ("two", "one\x1b"))]}
        p = run("check", file("circle.json", json.dumps(circle)))
        check("a circle names both", p.returncode == 2 and "two" in p.stdout and "one" in p.stdout and "\x1b" not in p.stdout, repr(p))
        check("no JSON", run("check", file("no.json", "{")).returncode == 2)
        check("no such word", run("chek", VITALS).returncode == 1 and run("test", VITALS).returncode == 1)
        check("no such file", run("check", os.path.join(tmp, "none")).returncode == 2)
        sets = {"resourceType": "Questionnaire", "url": "urn:s", "item": [{"linkId": k, "text": k, "type": "choice", "answerValueSet": v}
                for k, v in (("here", "http://hl7.org/fhir/ValueSet/administrative-gender"), ("gone", "http://example.org/gone"))]}
        sets = file("sets.json", json.dumps(sets))
        p = run("check", sets)
        check("a value set that is not here, by name", "gone: " in p.stdout and "here: " not in p.stdout and "example.org/gone" in p.stderr, repr(p))
        p = run("test", sets, file("s", "here\tFemale\n"))
        check("an option of a value set", p.returncode == 0 and '"code":"female"' in p.stdout, repr(p))
        for form in sorted(glob.glob(os.path.join(TOP, "forms/*.json"))):
            p = run("check", form)
            check("nothing is to be said of it", p.returncode == 0 and p.stdout.count("\n") == 1, f"{form} {p!r}")
            p = run("preview", form)
            check("80 columns", p.returncode == 0 and max(map(len, p.stdout.splitlines())) <= 80, form)
        p = run("preview", "--lang", "fr", VITALS)
        check("in French", "Tension artérielle" in p.stdout and "Systolique" in p.stdout, repr(p.stdout[:200]))
        p = run("test", VITALS, file("a", "sys\t120\nwt\t1.000 kg\nhr\t72\n"))
        check("asked back, with both readings", p.returncode == 2 and "1000 kg" in p.stderr and "1.000 kg" in p.stderr, repr(p))
        check("and the rest was taken", "wt" not in p.stdout and '"value":72,' in p.stdout, repr(p.stdout))
        p = run("test", "--lang", "es", VITALS, file("b", "wt\t72,50 kg\nht\t180\n!sys\t120\n"))
        check("a comma in Spanish, digits as typed", p.returncode == 0 and '"value":72.50,"unit":"kg"' in p.stdout, repr(p))
        check("computed", '"linkId":"bmi"' in p.stdout and '"value":22.4' in p.stdout, repr(p.stdout))
        p = run("test", VITALS, file("c", "temp\t50 Cel\n"))
        check("a hard limit needs attention", p.returncode == 4 and "error: temp" in p.stderr, repr(p))
        patient = file("p.json", json.dumps({"resourceType": "Patient", "id": "p1"}))
        p = run("test", "--extract", "--patient", patient, ALLERGY, file("d", "what\tNo known allergies\n"))
        doc = json.loads(p.stdout)
        kinds = [e["resource"]["resourceType"] for e in doc["entry"]]
        check("a transaction", p.returncode == 0 and doc["type"] == "transaction" and
              kinds == ["QuestionnaireResponse", "AllergyIntolerance", "Provenance"], repr(kinds))
        check("of the patient", doc["entry"][1]["resource"]["patient"] == {"reference": "Patient/p1"})
        check("each id once", len({e["fullUrl"] for e in doc["entry"]}) == 3 and
              [t["reference"] for t in doc["entry"][2]["resource"]["target"]] == [e["fullUrl"] for e in doc["entry"][:2]])
    conclude("form")


main()
