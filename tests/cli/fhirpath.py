#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`wardline fhirpath`: without a profile; one result a line, whatever the text holds; exit 2 and a place for what cannot be
computed, and for a file that is no resource: never an empty answer.
"""
import json, os, subprocess, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "O'Neil\n\u001b[2J\u202e", "given": ["Ann", "Bo"]}],
           "extension": [{"url": "d", "valueDecimal": 1}]}


def run(*args, stdin=None):
    return subprocess.run([ward.WARDLINE, "--home", "/nonexistent", "fhirpath", *args], input=stdin, capture_output=True, text=True,
                          env=ward.environment())


def main():
    with tempfile.TemporaryDirectory() as tmp:
        path, text = os.path.join(tmp, "p.json"), json.dumps(PATIENT, indent=1).replace('"valueDecimal": 1', '"valueDecimal": 1.500')
        open(path, "w", encoding="utf-8").write(text)
        p = run("name.given", path)
        check("one result a line", p.returncode == 0 and p.stdout == "Ann\nBo\n", repr(p))
        p = run("name.family | extension.value", path)
        check("what ends a line or drives a terminal is named", p.stdout.count("\n") == 2 and "\x1b" not in p.stdout and "\u202e" not in p.stdout, repr(p.stdout))
        check("digits stay", p.stdout.endswith("\n1.500\n"), repr(p.stdout))
        p = run("extension", path)
        check("an element is one line of JSON", p.stdout == '{"url":"d","valueDecimal":1.500}\n', repr(p.stdout))
        p = run("name.given", "-", stdin=text)
        check("standard input", p.stdout == "Ann\nBo\n", repr(p))
        p = run("--json", "name.given.first() | 2", path)
        check("--json", json.loads(p.stdout) == [{"type": "string", "namespace": "FHIR", "value": "Ann"}, {"type": "Integer", "namespace": "System", "value": "2"}], p.stdout)
        p = run("name.where(given = 'X')", path)
        check("nothing found: exit 0", p.returncode == 0 and not p.stdout + p.stderr, repr(p))
        for e, at, more in (("name.", 6, ()), ("1 + (1 | 2)", 3, ()), ("name.foo()", 6, ()), ("%nobody", 1, ()), ("name.famly", 6, ("--strict",))):
            p = run(*more, e, path)
            check(e, p.returncode == 2 and not p.stdout and p.stderr.count("\n") == 1 and f"at character {at};" in p.stderr, repr(p))
        check("units", run("4 'g' + 200 'mg' = 4.2 'g'", path).stdout == "true\n")
        p = run("4 'mcg' < 1 'mg'", path)
        check("a unit that UCUM does not have is named", p.returncode == 2 and not p.stdout and '"mcg"' in p.stderr, repr(p))
        sex = "'male'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')"
        p = run(sex, path)
        check("a value set", p.returncode == 0 and p.stdout == "true\n", repr(p))
        p = run(sex.replace("administrative-gender", "no-such-set"), path)
        check("a value set that is not here is named", p.returncode == 2 and not p.stdout and "no-such-set" in p.stderr, repr(p))
        check("lenient: an element that is not there is empty", run("name.famly", path).returncode == 0)
        for content, what in (("", "empty"), ("{", "cut"), ("[1]", "a list"), ('{"resourceType": "Nothing"}', "no resource")):
            open(path, "w", encoding="utf-8").write(content)
            p = run("1", path)
            check(f"a file that is {what}: exit 2", p.returncode == 2 and not p.stdout and p.stderr.count("\n") == 1, repr(p))
        check("no file: exit 2", run("1", os.path.join(tmp, "none")).returncode == 2)
        check("no FILE: exit 1", run("1").returncode == 1)
    conclude("fhirpath")


main()
