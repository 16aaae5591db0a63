#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Households on the real screen: a part of an address or of a telephone number finds everybody of a home, each row says
by what; the household of a row says in words what is shared; nobody found so is opened by one Enter, and twins stop at
the page of similar patients. Kills tests/mutants/ui-home-opens, model-home-unsaid,
model-household-why and ui-old-list.
"""
import os, re, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui")]
import harness, ward

check = harness.Check()
HOME = b"\x1b[H"


def address(line, city="Kilifi"):
    return [{"use": "home", "line": [line], "city": city}]


def phone(number):
    return [{"system": "phone", "value": number}]


def resources():
    yield ward.person("mum", "Otieno", "Grace", "1990-01-02", telecom=phone("+254 722 123 456"), address=address("12 Mill Lane"),
                      link=[{"type": "seealso", "other": {"reference": "RelatedPerson/r1"}}])
    yield ward.person("tw1", "Otieno", "Amina", "2024-05-05", address=address("12, Mill Lane"))
    yield ward.person("tw2", "Otieno", "Halima", "2024-05-05", address=address("12 mill lane"))
    yield ward.person("gran", "Wanjiru", "Ruth", "1950-03-03", telecom=phone("0722-123456"), address=address("7 Hill Road"))
    yield ward.person("bob", "Brown", "Bob", "1970-04-04", address=address("99 Far Street", "Malindi"))
    yield ward.person("mil", "Millford", "Tom", "1981-04-04")
    for i in range(20):
        yield ward.person(f"zed{i:02}", "Zimmer", "Given" + "abcdefghijklmnopqrst"[i], "1960-05-06")
    yield {"resourceType": "RelatedPerson", "id": "r1", "patient": {"reference": "Patient/tw1"},
           "relationship": [{"text": "mother"}], "telecom": phone("0722 123 456")}


def ids(t):
    return [m[1] for line in t.body() for m in [re.search(r"\b(mum|tw1|tw2|gran|bob|mil)\b", line)] if m]


def row_of(t, pid):
    lines = t.body()
    at = [i for i, l in enumerate(lines) if re.search(rf"\b{pid}\b", l)][0]
    end = next((i for i in range(at + 1, len(lines)) if re.match(r"[> ][ \d]\d ", lines[i])), len(lines))
    return " ".join(l.strip() for l in lines[at:end])


def finds(t):
    t.key("/mill")
    check(ids(t) == ["mil", "tw1", "mum", "tw2"], f"whom a name finds comes first: {ids(t)}")
    check("HOME" not in row_of(t, "mil") and "HOME 12 Mill Lane, Kilifi" in row_of(t, "mum"), t.text())
    t.key(" lane\r")
    check(ids(t) == ["tw1", "mum", "tw2"], f"an address finds all who live there: {ids(t)}")
    t.key("q")
    t.key("/0722 123456")
    check(ids(t) == ["tw1", "mum", "gran"], f"a number, however written: {ids(t)}")
    check("PHONE 0722 123 456 of mother" in row_of(t, "tw1"), f"whose number it is: {row_of(t, 'tw1')}")
    check("PHONE +254 722 123 456" in row_of(t, "mum") and "of mother" not in row_of(t, "mum"), row_of(t, "mum"))
    t.key("\x15far street\r")
    check(t.row(1).startswith("PATIENTS") and "Found by home or phone alone" in t.row(22), f"one Enter does not open: {t.text()}")
    t.key("\r")
    check("BROWN" in t.row(1), f"the second one does: {t.row(1)}")
    t.key("q")
    t.key("q")


def to(t, pid):
    t.key(HOME)
    for _ in range(12):
        if re.search(rf"\b{pid}\b", t.focus()):
            return
        t.key("j")


def household(t):
    to(t, "mum")
    t.key("w")
    check(t.row(1).startswith("HOUSEHOLD of OTIENO, Grace  02-Jan-1990") and t.row(3).startswith("3 people"), f"{t.row(1)} {t.row(3)}")
    check(ids(t) == ["tw1", "tw2", "gran"], ids(t))
    check("same address 12 Mill Lane, Kilifi" in row_of(t, "tw1") and "OTIENO, Grace is the mother" in row_of(t, "tw1") and
          "same phone +254 722 123 456 (of mother)" in row_of(t, "tw1"), row_of(t, "tw1"))
    check("same address" in row_of(t, "tw2") and "mother" not in row_of(t, "tw2") and "phone" not in row_of(t, "tw2"), row_of(t, "tw2"))
    check("same phone +254 722 123 456" in row_of(t, "gran") and "address" not in row_of(t, "gran"), row_of(t, "gran"))
    check("SIMILAR NAME" in row_of(t, "tw1"), f"twins say so: {row_of(t, 'tw1')}")
    t.key("\r")
    check(t.row(1).startswith("STOP: these patients"), f"and stop: {t.text()}")
    time.sleep(0.7)
    t.key("q")
    check(t.row(1).startswith("HOUSEHOLD of OTIENO, Grace"), f"back to the household: {t.row(1)}")
    to(t, "gran")
    t.key("\r")
    check("WANJIRU" in t.row(1), t.row(1))
    t.key("q")
    check(t.row(1).startswith("HOUSEHOLD of OTIENO, Grace") and "gran" in t.focus(), t.text())
    t.resize(30, 100)
    check("same phone +254 722 123 456" in row_of(t, "gran"), t.text())
    t.resize(24, 80)
    t.key("q")
    check(t.row(1).startswith("PATIENTS") and "mum" in t.focus(), t.row(1))
    t.resize(60, 100)
    t.key("w")
    t.resize(24, 80)
    t.key("q")
    check(t.row(1).startswith("PATIENTS") and t.row(23).startswith("Enter Open") and t.row(24).startswith("synced") and t.row(3).endswith("Page 1 of 2"),
          f"the list is of this window's size, where that changed while another stood in its place: {t.text()}")
    to(t, "tw1")
    t.key(":HH\r")
    t.settle(quiet=1, first=2)
    check(t.row(1).startswith("HOUSEHOLD of OTIENO, Amina"), t.text())
    check("mother of OTIENO, Amina" in row_of(t, "mum"), row_of(t, "mum"))
    t.key("q")
    to(t, "bob")
    t.key("w")
    check(t.row(2).startswith("Nobody else kept here shares"), t.row(2))
    t.key("q")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=0, init=False) as w:
        w.put(*resources())
        w.cli("init", "--server", w.url)
        w.cli("sync")
        got = [p["id"] for p in w.json("list", "0722123456")]
        check(got == ["tw1", "mum", "gran"], f"list finds as the screen does: {got}")
        with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("kept here")
            t.settle(quiet=0.5, first=2)
            finds(t)
            household(t)
            t.key("L")
            check("OTIENO" not in t.text(), t.text())
    check.finish()


if __name__ == "__main__":
    main()
