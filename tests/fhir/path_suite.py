#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""HL7's FHIRPath tests for R4 (fhir-test-cases, r4/fhirpath/tests-fhir-r4.xml), all in strict mode. Valid expressions give the
test's results, in its order and of its types; invalid ones are refused. What is passed over stands in path_suite.tsv with
its reason. Fails below 97 %, above 2 % of skips, when a test fails that the table does not name, and when one that it names
passes.
"""
import json, os, re, subprocess, sys
import xml.etree.ElementTree as ET

TOP = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
DATA = os.path.join(os.environ.get("WARDLINE_DATA") or os.path.join(TOP, "../shared/data"), "fhirpath")
EITHER = {"date": "date", "dateTime": "datetime", "instant": "datetime", "time": "time", "boolean": "boolean", "integer": "integer",
          "decimal": "decimal", "Quantity": "quantity"}

# What forms in use need, most of all first: with all operators, these functions.
STEPS = """where exists first select iif join repeat toString round today substring empty power now toInteger ofType descendants
extension ln exp sum toDate count all not children replace startsWith matches combine intersect skip last lower upper toDecimal replaceMatches
endsWith split toChars memberOf hasValue aggregate weight trim indexOf tail take distinct union""".split()


def skips():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "path_suite.tsv"), encoding="utf-8") as f:
        return dict(line.rstrip("\n").split("\t") for line in f if line.strip() and not line.startswith("#"))


def plain(text):
    return (text or "").removeprefix("@T").removeprefix("@")


def same(got, output, predicate):
    want, kind = output.text or "", output.get("type")
    value, has = got["value"], got["type"]
    if kind and not predicate:
        a = EITHER.get(kind, "string").lower()
        b = EITHER.get(has, has).lower()
        if a != b and not (a == "string" and b in ("code", "id", "uri", "url", "string", "markdown", "canonical", "uuid", "oid")):
            return False
    return value == plain(want)


def judge(test, answer):
    expression, outputs = test.find("expression"), test.findall("output")
    if expression.get("invalid"):
        return "error" in answer
    if "error" in answer:
        return False
    results = answer["results"]
    if test.get("predicate") == "true":
        results = [{"type": "Boolean", "value": "true" if results else "false"}]
    if test.get("ordered") == "false":
        results = sorted(results, key=lambda x: x["value"])
        outputs = sorted(outputs, key=lambda x: plain(x.text))
    return len(results) == len(outputs) and all(same(g, o, test.get("predicate") == "true") for g, o in zip(results, outputs))


def main():
    if not os.path.exists(os.path.join(DATA, "tests-fhir-r4.xml")):
        print("skipped: no WARDLINE_DATA with fhirpath/tests-fhir-r4.xml")
        return 77
    tests = [t for g in ET.parse(os.path.join(DATA, "tests-fhir-r4.xml")).getroot().findall("group") for t in g.findall("test")]
    asks = []
    for t in tests:
        name = t.get("inputfile")
        asks.append(json.dumps({"expression": t.find("expression").text, "strict": True,
                                "file": os.path.join(DATA, name.rsplit(".", 1)[0] + ".json") if name else ""}))
    p = subprocess.run([os.path.join(BUILD, "tests/fhir/path_run")], input="\n".join(asks) + "\n", capture_output=True, text=True)
    answers = [json.loads(x) for x in p.stdout.splitlines()]
    if p.returncode or len(answers) != len(tests):
        print(f"path_run ended with {p.returncode} behind {len(answers)} of {len(tests)}: {p.stderr}")
        return 1
    known, bad, used = skips(), [], set()
    counts = {True: [0, 0], False: [0, 0]}  # valid?: passed, all
    steps = [0, 0]  # passed, all
    for t, a in zip(tests, answers):
        valid, name = not t.find("expression").get("invalid"), t.get("name")
        ok = judge(t, a)
        counts[valid][1] += 1
        counts[valid][0] += ok
        if set(re.findall(r"(\w+)\s*\(", t.find("expression").text)) - {"in", "and", "or", "is", "as"} <= set(STEPS):
            steps = [steps[0] + ok, steps[1] + 1]
        if name in known:
            used.add(name)
            if ok:
                bad.append(f"{name}: passes, and the table of skips names it")
        elif not ok:
            bad.append(f"{name}: {t.find('expression').text!r} gave {json.dumps(a)}, not {[(o.get('type'), o.text) for o in t.findall('output')]}")
    bad += [f"{n}: in the table of skips, not in the suite" for n in known if n not in used]
    passed, total = counts[True][0] + counts[False][0], len(tests)
    for b in bad:
        print(b)
    print(f"FHIRPath R4: {passed} of {total} pass ({100 * passed / total:.1f} %): valid {counts[True][0]} of {counts[True][1]}, "
          f"invalid {counts[False][0]} of {counts[False][1]}; {len(used)} skipped with a reason")
    print(f"FHIRPath R4: of the {steps[1]} tests with the operators and functions of forms {steps[0]} pass")
    if steps[0] != steps[1]:
        return 1
    return 1 if bad or passed < 0.97 * total or len(used) > 0.02 * total else 0


sys.exit(main())
