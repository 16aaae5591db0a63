#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs wardline under a generated pseudo-locale in which every extracted string reads «like this», and
fails on any word outside the guillemets that the ward's own resources do not hold: an unwrapped string.
Works without any installed locale (pseudo.c). Screens are read by tests/ui/pty.py when pyte is there.
Kills tests/mutants/unwrapped-string.patch.
"""
import os, re, subprocess, sys, tempfile, unicodedata

top = os.path.abspath(os.environ.get("top_srcdir", "."))
build = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path.insert(0, os.path.join(top, "tests"))
import ward  # noqa: E402

# What wardline shows by design in no language: command and option words, codes, units, names of formats.
EXEMPT = set("""wardline accept deletions conflicts resolve mine theirs home passphrase json server scope auth secret practitioner role demo watch init sync list show get put queue
status import export doctor line theme patient PATIENT SECTION TEXT TYPE ID DIR FILE URL SPEC KIND REF COMMAND fd UTF OK WARN FAIL http https
ulimit lang LANG TERM vt100 xterm ncurses term MiB Argon2id Argon2 male female other unknown UTC file Ctrl Shift Enter Space Tab Up Down Left Right Home End PgUp PgDn Esc Click WheelUp WheelDown""".split())

EXEMPT |= set("attachment out again key add change remove rotate pair open recovery escrow keyring hours label unsent unknown backup restore verify wipe SLOT".split())
EXEMPT |= set("quota budget day over SIZE none fhirpath strict questionnaire EXPR sig say weight surface within DATE DAYS form preview extract ANSWERS check test".split())

WORD = r"[^\W\d_]{3,}[0-9]*"


def run(*cmd, **kw):
    return subprocess.run(cmd, check=True, capture_output=True, text=True, **kw)


def catalogue(tmp):
    pot, po, mo = (os.path.join(tmp, n) for n in ("w.pot", "w.po", "w.mo"))
    run("xgettext", "--keyword=_", "--keyword=N_", "--keyword=P_:1,2",
        "--keyword=C_:1c,2", "--keyword=NC_:1c,2", "--from-code=UTF-8", "-D", top,
        "--files-from=" + os.path.join(top, "po/POTFILES.in"), "-o", pot)
    text = open(pot, encoding="utf-8").read().replace("charset=CHARSET", "charset=UTF-8")
    text = text.replace("nplurals=INTEGER; plural=EXPRESSION;", "nplurals=2; plural=n != 1;")
    open(pot, "w", encoding="utf-8").write(text)
    run("msgen", "-o", po, pot)
    run("msgfilter", "--keep-header", "-i", po, "-o", po, "sed", "-e", "1s/^/«/", "-e", "$s/$/»/")
    run("msgfmt", "--check-format", "-o", mo, po)
    return mo


def leftovers(text, known):
    """Words outside «...» (which may nest) that the data do not hold."""
    out, depth = [], 0
    for c in unicodedata.normalize("NFC", text):
        if c == "«":
            depth += 1
            out.append(" ")
        elif c == "»":
            depth = max(0, depth - 1)
            out.append(" ")
        elif not depth:
            out.append(c)
    words = re.findall(WORD, "".join(out))
    return sorted({w for w in words if w not in EXEMPT and w.lower() not in known})


def main():
    if not all(subprocess.run(["which", t], capture_output=True).returncode == 0 for t in ("xgettext", "msgen", "msgfilter", "msgfmt")):
        print("skipped: no gettext tools")
        return 77
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=12, charts=4) as w:
        mo = catalogue(tmp)
        env = {"LD_PRELOAD": os.path.join(build, "tests/house/pseudo.so"), "PSEUDO_MO": mo}
        known = set()
        w.cli("export", os.path.join(tmp, "out"))
        for f in os.listdir(os.path.join(tmp, "out")):
            known |= {x.lower() for x in re.findall(WORD, unicodedata.normalize("NFC", open(os.path.join(tmp, "out", f), encoding="utf-8").read()))}
        known |= {x.lower() for x in re.findall(r"\w+", w.home + " " + w.url)}
        bad, seen = {}, 0
        patients = [p["id"] for p in w.json("list")]
        runs = [("list",), ("list", "zzzz"), ("status",), ("doctor",), ("--help",), ("show", "no-such"), ("get", "Patient/none"), ("key", "list"), ("verify",),
                ("frobnicate",)] + [("show", p) for p in patients[:4]]
        for args in runs:
            p = w.cli(*args, env=env, check=False)
            text = p.stdout + p.stderr
            seen += text.count("«")
            for word in leftovers(text, known | set(re.findall(r"\w+", " ".join(args).lower()))):
                bad.setdefault(word, " ".join(args))
        for name, text in w.screens(env):
            seen += text.count("«")
            for word in leftovers(text, known):
                bad.setdefault(word, name)
        for word, where in sorted(bad.items()):
            print(f"not translatable: {word!r} (in {where})")
        print(f"pseudo-locale: {seen} translated strings seen, {len(bad)} words outside them")
        return 1 if bad or seen < 50 else 0


sys.exit(main())
