#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""receipt: counts of what the server acknowledged and what not, never more than it did; words that nobody confuses.
Kills tests/mutants/receipt-count-above.patch, receipt-same-words.patch, receipt-clock-turned.patch.
"""
import email.utils, json, os, re, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import Line, ask
from verdict import check, conclude

WORDS = [l.strip() for l in open(os.path.join(TOP, "data/receipt/words.tsv"), encoding="utf-8") if l.strip() and l[0] != "#"][1:]
NAMES = ("acknowledged", "notSent", "inDoubt", "attention")


def apart(a, b):
    """Levenshtein."""
    p = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        q = [i]
        for j, y in enumerate(b, 1):
            q.append(min(p[j] + 1, q[-1] + 1, p[j - 1] + (x != y)))
        p = q
    return p[-1]


def heard(w):
    """What is left of a word on a bad line: consonants, those alike made one."""
    w = w.replace("ph", "f").replace("th", "t").replace("ck", "k").replace("sh", "s").replace("ch", "k")
    w = w.translate(str.maketrans("bdgcqzxvwmjy", "ptkkkssffnki"))
    out = "a" if w[0] in "aeiou" else w[0]
    for c in w[1:]:
        if c not in "aeiouh" and c != out[-1]:
            out += c
    return out


def the_list():
    check("256 short words", len(WORDS) == len(set(WORDS)) == 256 and all(re.fullmatch("[a-z]{3,7}", w) for w in WORDS), str(len(WORDS)))
    near = [(a, b) for i, a in enumerate(WORDS) for b in WORDS[:i] if apart(a, b) < 3 or heard(a) == heard(b)]
    check("none is taken for another", not near, str(near))


def counts(w):
    r = w.json("receipt")
    return tuple(r[n] for n in NAMES)


def allergy(name):
    return json.dumps({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p1"}, "code": {"text": name}})


def says(w, r):
    text = w.cli("receipt").stdout
    check("words and JSON are the same", all(x in text for x in r["words"]) and r["hash"] in text and f"server: {r['acknowledged']}, the last" in text, text)
    check("the words are of the hash", r["words"] == [WORDS[int(r["hash"][2 * i:2 * i + 2], 16)] for i in range(8)], str(r))
    check("no patient is named", "SMITH" not in text and "p1" not in text, text)


def clock(w, line):
    """The server's clock is ten minutes ahead."""
    def ahead(method, path, body, status, j):
        date = email.utils.formatdate(time.time() + 600, usegmt=True)
        out = json.dumps(j).encode()
        return f"HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Type: application/fhir+json\r\nContent-Length: {len(out)}\r\n\r\n".encode() + out
    line.alter = ahead
    w.cli("sync", check=False)
    line.alter = None
    r = w.json("receipt")
    check("the server's clock is ahead", r["clockOffsetMs"] and abs(r["clockOffsetMs"] - 600_000) < 60_000, str(r))
    check("so this one is behind", re.search(r"clock: \d+ s behind the server's", w.cli("receipt").stdout), w.cli("receipt").stdout)


def main():
    the_list()
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        base = w.url
        line = Line(base)
        w.url = line.url
        w.quick()
        r = w.json("receipt")
        check("before anything", (r["acknowledged"], r["words"], r["hash"], r["lastSync"], r["clockOffsetMs"]) == (0, [], None, None, None), str(r))
        check("in words", "the last never" in w.cli("receipt").stdout and "not known" in w.cli("receipt").stdout, w.cli("receipt").stdout)
        ask(f"{base}/Patient/p1", "PUT", ward.person("p1", "SMITH", "Jon"))
        w.cli("sync")
        w.cli("put", input=allergy("Penicillin"))
        check("queued", counts(w) == (0, 1, 0, 0), str(counts(w)))
        said = w.cli("status").stdout
        check("status says since when", re.search(r"^1 change NOT SENT since \d\d-\w+ \d\d:\d\d$", said, re.M), said)
        line.fault = "lost"
        line.alter = lambda method, path, body, status, j: b"" if method == "GET" and "AllergyIntolerance" in path else None
        w.cli("sync", check=False)
        line.alter = None
        check("a time-out acknowledges nothing", counts(w) == (0, 0, 1, 0) and w.json("receipt")["words"] == [], str(w.json("receipt")))
        for _ in range(2):
            w.cli("sync", check=False)
        one = w.json("receipt")
        check("acknowledged", counts(w) == (1, 0, 0, 0) and one["lastAcknowledged"] and one["since"] is None, str(one))
        says(w, one)
        w.cli("sync")
        check("the same words as long as nothing more is", w.json("receipt")["words"] == one["words"])
        w.cli("put", input=allergy("Latex"))
        line.fault = "refused"
        w.cli("sync", check=False)
        two = w.json("receipt")
        check("what was refused is no more than that", counts(w) == (1, 0, 0, 1) and two["words"] == one["words"] and two["since"], str(two))
        w.cli("queue", "retry", w.json("queue")[0]["op"])
        w.cli("sync", check=False)
        three = w.json("receipt")
        check("other words when one more is", counts(w) == (2, 0, 0, 0) and three["words"] != one["words"] and len(w.json("queue", "log")) == 2, str(three))
        clock(w, line)
    conclude("receipt")


main()
