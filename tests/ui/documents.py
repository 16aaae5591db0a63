#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A document that lies elsewhere: its row's detail says NOT FETCHED and which key fetches it; F fetches, and nothing on
the screen changes but the last row; the next F shows its words, as safe text without tags. What is no text says how it
gets to a file. Kept, it is shown without a link; without a link F says so. Locked or stopped in the middle, what came is
kept, and the next F goes on from there. Kills tests/mutants/ui-document-comes-unasked
and attached-kept-unsaid.

usage: documents.py [BASE]    BASE: a server of others (tests/live/run gives HAPI's); without it the demo server
"""
import base64, os, re, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui"), os.path.join(TOP, "tests", "sync")]
import attach, harness, ward

check = harness.Check()
PAGE = "<html><body><h1>Discharge</h1><p>Give <b>no</b> penicillin.</p><ul><li>walks</li></ul>\x1b[2J</body></html>"


def binary(name, media, data):
    return {"resourceType": "Binary", "id": name, "contentType": media, "data": base64.b64encode(data).decode()}


def document(name, *attachments):
    return {"resourceType": "DocumentReference", "id": name, "status": "current", "subject": {"reference": "Patient/docp1"}, "date": "2026-01-01T10:00:00Z",
            "type": {"text": "Letter"}, "content": [{"attachment": a} for a in attachments]}


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.settle(quiet=0.5, first=2)


def to_detail(t):
    t.key("\r")
    t.key("d")
    t.key("\r")


def wait_row(t, words):
    for _ in range(80):
        if words in t.row(22):
            return True
        t.pump(0.25)
    return False


def fetches(t):
    unlock(t)
    to_detail(t)
    text = t.text()
    check("Attachment 1: NOT FETCHED, Report, text/html" in text and "F fetches it." in text, text)
    check("Attachment 2: NOT FETCHED, Scan, application/pdf, 300000 bytes" in text, text)
    before = t.body()
    t.key("F")
    check(wait_row(t, "The document has come. F shows it."), t.row(22))
    check(t.body() == before, "nothing changes by itself")
    t.key("F")
    text = t.text()
    check(re.search(r"Attachment 1: kept on this device, received on \d", text) and "Give no penicillin." in text and "<b>" not in text and "walks" in text, text)
    t.key("F")
    check(wait_row(t, "The document has come."), t.row(22))
    t.key("F")
    text = t.text()
    check("Attachment 2: kept on this device" in text and "wardline attachment DocumentReference/docd1 2 --out FILE" in text, text)
    t.key("F")
    check("Nothing of this row is to be fetched." in t.row(22), t.row(22))


def without_a_link(t):
    unlock(t)
    to_detail(t)
    check("Give no penicillin." in t.text(), "kept: shown without a link")
    t.key("q")
    t.key("j")
    t.key("\r")
    check("Attachment 1: NOT FETCHED, Other" in t.text(), t.text())
    t.key("F")
    check(wait_row(t, "no answer from the server"), t.row(22))


def until(t, ready):
    for _ in range(120):
        t.pump(0.25)
        if ready():
            return True
    return False


def interrupted(w):
    """A server that takes its time."""
    b = attach.binary
    w.put(ward.person("p1", "Brown", "Bob"))
    attach.between(w)
    w.home += "-slow"
    w.cli("init", "--server", w.url, "--scope", "patient/p1")
    attach.document(w, url="Binary/slow", size=3 * len(attach.DATA))
    b.set(data=attach.DATA * 3, hang=True)
    with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
        unlock(t)
        to_detail(t)
        t.key("F")
        check(until(t, lambda: b.sent > 1900000), f"F fetches: {b.sent}")
        t.key("L")
        check("locked" in t.row(1), f"L locks in the middle: {t.row(1)}")
        unlock(t)
        to_detail(t)
        check(re.search(r"Attachment 1: FETCHED IN PART \(\d+ bytes\)", t.text()), t.text())
        t.key("F")
        check(until(t, lambda: len(b.asks) == 2), "and F again")
        part = int(b.asks[1][0][len("bytes="):-1])
        check(part >= 1 << 20 and part % 65536 == 0, f"from where it was kept: {b.asks}")
        b.hang = False
        check(until(t, lambda: "The document has come. F shows it." in t.row(22)), t.row(22))
        t.key("F")
        check("Attachment 1: kept on this device" in t.text(), t.text())


def main():
    with tempfile.TemporaryDirectory() as tmp:
        with ward.Ward(tmp, init=False, quick=True, url=sys.argv[1] if sys.argv[1:] else None) as w:
            w.put(ward.person("docp1", "Adams", "Ann"), binary("docb1", "text/html", PAGE.encode()), binary("docb2", "application/pdf", os.urandom(300000)),
                  document("docd1", {"contentType": "text/html", "url": "Binary/docb1", "title": "Report"},
                           {"contentType": "application/pdf", "url": "Binary/docb2", "title": "Scan", "size": 300000}),
                  {**document("docd2", {"contentType": "text/plain", "url": "Binary/docb1?x", "title": "Other"}), "date": "2025-01-01"})
            w.cli("init", "--server", w.url, "--scope", "patient/docp1")
            w.cli("sync")
            with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
                fetches(t)
            if not w.server:
                print("documents: without a link: skipped, the server is another's")
                return check.finish()
            interrupted(w)
            w.home = w.home[:-len("-slow")]
            w.stop_server()
            with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
                without_a_link(t)
    check.finish()


main()
