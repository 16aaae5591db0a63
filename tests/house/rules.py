#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The display rules, CS-01 to CS-23: each has a `REQ CS-nn` where the code fulfils it and a test that holds it, and what
wardline composes breaks none: every string and every translation goes through model_lint (doses: tests/model/t_lint.c).

CS-22 (drug search) is of writing. Two rules bind by what is not there: CS-14, for wardline
converts no unit, and CS-05's Space, which turns pages here. Kills tests/mutants: po-trailing-zero, rules-untagged.
"""
import json, os, re, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import catalogue as cat  # noqa: E402

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))

# Rule: what holds it: (a test, what stands in it).
RULES = {
    1: [("tests/ui/layout.py", "Rows that wrap keep their columns"), ("tests/ui/screens.py", "CHART_BAR")],
    2: [("tests/ui/screens.py", "Keys: ")],
    3: [("tests/ui/ways.py", "def numbers(t)"), ("tests/ui/t_ways.c", "numbers: what was painted")],
    4: [("tests/ui/t_ways.c", "every command by id and mnemonic")],
    5: [("tests/house/rules.py", "def check_keys")],
    6: [("tests/ui/series.py", "locked")],
    7: [("tests/ui/prefix.py", "two patients"), ("tests/ui/t_ui.c", "paint_other_patient")],
    8: [("tests/ui/layout.py", "the whole banner"), ("tests/model/danger.py", 'section == "banner"')],
    9: [("tests/base/t_base.c", "29-Feb-2024"), ("tests/house/languages.py", "MONTHS")],
    10: [("tests/model/t_form.c", "2026-11-20 00:00")],
    11: [("tests/model/t_words.c", "DOSE 5 mg"), ("tests/model/t_lint.c", "BIT(TOUCHING)")],
    12: [("tests/ui/layout.py", "wrap"), ("tests/model/digits.py", "")],
    13: [("tests/model/t_words.c", "5.0 mg (= 5 mg)"), ("tests/model/t_lint.c", "BIT(ZERO)")],
    14: [("tests/model/digits.py", "digit")],
    15: [("tests/model/t_words.c", "DOSE 125 mcg"), ("tests/model/t_lint.c", "BIT(UNITS)")],
    16: [("tests/model/t_words.c", "every other day"), ("tests/model/t_lint.c", "BIT(OFTEN)")],
    17: [("tests/model/t_words.c", "less than 5 mg"), ("tests/model/t_lint.c", "BIT(LESS)")],
    18: [("tests/model/sheets.py", "tall")],
    19: [("tests/model/t_words.c", "critically high"), ("tests/model/danger.py", "")],
    20: [("tests/model/danger.py", ""), ("tests/house/languages.py", "Alergias no registradas"), ("tests/model/states.py", "")],
    21: [("tests/model/t_words.c", " + ")],
    23: [("tests/model/t_words.c", "offline, no complete sync yet")],
}
# Rules whose code other people's branches bring: {rule: ...}. Empty when all are there.
PENDING = set()


def sources(*roots):
    for root in roots:
        for folder, _, files in os.walk(os.path.join(cat.TOP, root)):
            for f in sorted(files):
                if f.endswith((".c", ".h")):
                    path = os.path.join(folder, f)
                    yield os.path.relpath(path, cat.TOP), open(path, encoding="utf-8").read()


def tags():
    """{rule: files with its REQ}: "REQ CS-11, CS-13, CS-15 to CS-17"."""
    out = {}
    for path, text in sources("src", "ui"):
        for m in re.finditer(r"REQ (CS-\d\d(?:(?:, | and | to )CS-\d\d)*)", text):
            numbers = [int(n) for n in re.findall(r"\d\d", m.group(1))]
            for a, b in re.findall(r"CS-(\d\d) to CS-(\d\d)", m.group(1)):
                numbers += range(int(a), int(b))
            for n in numbers:
                out.setdefault(n, set()).add(path)
    return out


def tests_that_run():
    """What the Makefiles' TESTS name."""
    out = set()
    for folder, _, files in os.walk(os.path.join(cat.TOP, "tests")):
        for f in files:
            if f == "Makefile.inc":
                here = os.path.relpath(folder, cat.TOP)
                text = open(os.path.join(folder, f), encoding="utf-8").read().replace("\\\n", " ").replace("%D%", here)
                for line in re.findall(r"^(?:TESTS|ui_checks) \+?= (.*)$", text, re.M):
                    out |= set(line.split())
    return out


def check_rules():
    bad, have, run = [], tags(), tests_that_run()
    for rule, tests in RULES.items():
        faults = [] if rule in have else [f"CS-{rule:02}: no REQ in src or ui"]
        for path, words in tests:
            full = os.path.join(cat.TOP, path)
            if not os.path.exists(full) or words not in open(full, encoding="utf-8").read():
                faults.append(f"CS-{rule:02}: {path} has no {words!r}")
            elif (path[:-2] if path.endswith(".c") else path) not in run:
                faults.append(f"CS-{rule:02}: {path} is no test that runs")
        if rule in PENDING:
            for f in faults:
                print("WARNING: " + f)
        else:
            bad += faults
    want = set(range(1, 24)) - {22}
    bad += [f"CS-{n:02}: no test is named for it" for n in sorted(want - set(RULES))]
    print(f"{len(RULES)} rules, {sum(len(v) for v in have.values())} places in the code, {sum(map(len, RULES.values()))} tests")
    return bad


def check_keys():
    """CS-05: what an arrow or a function key does, a letter, a digit or a control character does too, or a mnemonic that is
    typed behind `:`; Esc is never the only key."""
    extra = {"Up", "Down", "Left", "Right", "Home", "End", "PgUp", "PgDn", "Esc", "Shift-Tab", "WheelUp", "WheelDown", "Click", *(f"F{n}" for n in range(1, 13))}
    text = open(os.path.join(cat.TOP, "ui/command.c"), encoding="utf-8").read()
    rows = re.findall(r'\{"([\w.]+)",\s*[A-Z_~&| \n]+,\s*"([^"]*)",\s*(NULL|"[^"]*")', text)
    # Beside other ways: Enter leads from typing to the list of matches, where j and k move; < goes where Left does, each
    # section has a letter.
    beside = {"find.down", "find.up", "prompt.up", "grid.left", "list.click", "chart.previous"}
    bad = [f"{name}: no key but {keys}" for name, keys, typed in rows
           if keys and not set(keys.split()) - extra and typed == "NULL" and name not in beside]
    return bad if len(rows) > 30 else bad + [f"ui/command.c: only {len(rows)} rows found"]


def check_strings():
    """Every string in every language, formats filled with a number that breaks nothing."""
    strings, where = [], []
    for m in cat.template():
        for s in filter(None, (m.id, m.many)):
            strings.append(s), where.append(("en", m.id))
    for language in cat.LANGUAGES:
        for m in cat.messages(cat.po(language)):
            for s in m.says:
                strings.append(s), where.append((language, m.id))
    filled = [re.sub(r"%[-+ 0]*\d*(?:\.\d+|\.\*)?(?:ll|l|z|h)?[a-z]", "7", s) for s in strings]
    p = subprocess.run([os.path.join(BUILD, "tests/model/lint")], input="\0".join(filled).encode() + b"\0", capture_output=True, check=True,
                       env={"LC_ALL": "C"})
    bad = []
    for line in p.stdout.decode().splitlines():
        i, rule, why = line.split(" ", 2)
        if re.search(r"%[-+0]*\d*\S*[a-z][a-z]", strings[int(i)]) and why.startswith("a unit that touches"):
            continue  # "%dd", an age in days: no dose
        bad.append(f"CS-{rule} {where[int(i)][0]}: {why}: {strings[int(i)]!r}")
    print(f"{len(strings)} strings in {len(cat.LANGUAGES) + 1} languages")
    return bad


def check_marked():
    """An order's words that break a rule are on the screen as sent, marked; one row in full says why."""
    sys.path[:0] = [os.path.join(cat.TOP, "tests"), os.path.join(cat.TOP, "tests", "ui")]
    import ward
    try:
        import harness
    except SystemExit:
        print("skipped: screens: no pyte")
        return []
    order = {"resourceType": "MedicationRequest", "id": "m", "status": "active", "subject": {"reference": "Patient/p"},
             "medicationCodeableConcept": {"text": "insulin"}, "dosageInstruction": [{"text": "10 U QD"}]}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Patient", "id": "p"}}, {"resource": order}]}
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "order.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(bundle, f)
        w = ward.Ward(tmp, url="http://127.0.0.1:1/fhir", sync=False, quick=True)
        w.cli("import", path)
        with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
            t.settle(first=20)
            t.send(ward.PASS + "\r")
            t.settle(quiet=2, first=10)
            t.key("\r")
            t.key("m")
            row = t.text()
            t.key("\r")
            detail = t.text()
    bad = [] if "10 U QD [!]" in row else [f"not marked: {row}"]
    for words in ("[!] as it was sent: units abbreviated to letters", "[!] as it was sent: an abbreviation of how often or when"):
        bad += [] if words in detail else [f"the detail lacks {words!r}: {detail}"]
    return bad


def main():
    bad = check_rules() + check_keys() + check_marked()
    if not cat.tools() or not os.path.exists(os.path.join(BUILD, "tests/model/lint")):
        print("skipped: strings: no gettext tools")
    else:
        bad += check_strings()
    for b in bad:
        print(b)
    print(f"rules: {len(bad)} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
