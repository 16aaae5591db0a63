#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every language of po/LINGUAS: its catalogue, and what the program says in it.

The catalogue: whole for msgfmt, nothing fuzzy, formats and plurals agree, blanks and numbers as in English, months by
the fixed table (REQ CS-09), labels of the key bar within 8 columns, safety words exact and never two alike, no
sentence of another language. Strings without a translation are listed; STRICT makes them a failure.
The program: which environment speaks which language, without any installed locale; over the danger charts, row by row,
the same numbers in the same order as in English and no English word left; facts in Spanish and French.
Kills tests/mutants/po-allergies-alike, po-dose-digits, po-months-alike, intl-deaf.
"""
import importlib.util, json, os, re, subprocess, sys, tempfile, unicodedata

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import catalogue as cat  # noqa: E402

sys.path.insert(0, os.path.join(cat.TOP, "tests"))
import ward  # noqa: E402

# A string without a translation fails the test. False lists them as warnings, and what they bring about with them.
STRICT = True

MONTHS = {"en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "es": "ene feb mar abr may jun jul ago sep oct nov dic",
          "fr": "jan fév mar avr mai jun jul aoû sep oct nov déc"}
# Words that no sentence of the other language holds.
FUNCTION_WORDS = {"en": "the of and not this with is are was here from by which", "es": "el los las una del y por con está desde ningún",
                  "fr": "le les des une du et dans avec est sont pas aucune"}
# Between the same words English says how often in one piece and in pieces (model/fmt_dosage.c compares the two).
PIECES = [("twice a day", "twice", "a day"), ("once a day", "once", "a day"), ("once a week", "once", "a week"), ("once a month", "once", "a month"),
          ("3 times a day", "3", " times", "a day"), ("4 times a day", "4", " times", "a day"),
          *[(f"every {n} hours", ("hours", "every "), str(n), "hours") for n in (2, 3, 4, 6, 8, 12)]]
# What stands in a column of so many (ui/scr_work_rows.c, ui/scr_tasks.c); %s is a date of 11, %lld a number of 3.
WIDTHS = {"Name": 28, "Born": 18, "due %s": 15, "due today": 15, "no due date": 15, "OVERDUE %lldd": 15, "FUTURE %s": 24, "outside range": 15, "L by range": 12, "H by range": 12, "(text)": 24, "(long)": 24,
          "no result": 10, "prelim": 10, "corrected": 10, "unsure": 10, "no unit": 10, "see the row": 11, "cancelled": 10}
PLURALS = {"es": "nplurals=2; plural=(n != 1);", "fr": "nplurals=2; plural=(n > 1);"}
# What stays as it is in every language: command words, options, a scope as init takes it (all), names of formats and
# units, FHIR's own words; zzqq is what ward.screens types.
EXEMPT = set("""wardline home passphrase json server scope auth secret practitioner role demo watch init sync list show get status import export
doctor PATIENT SECTION TEXT TYPE ID DIR FILE URL SPEC KIND REF COMMAND UTF WARN FAIL http https ulimit LANG TERM LANGUAGE vt100 xterm ncurses term
MiB Mio Argon2id FHIR TLS HTTP Enter Space Tab Ctrl Esc Down Left Right Home End PgUp PgDn Backspace Shift Bundle NDJSON CommonMark STAT POLST micro all zzqq WheelUp WheelDown Click""".split())
WORD = r"[^\W\d_]{3,}"


def columns(s):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in s)


def digits(s):
    return re.findall(r"\d+", s)


def fold(s):
    return "".join(c for c in unicodedata.normalize("NFKD", s) if not unicodedata.combining(c)).casefold()


def words_of(s):
    return re.findall(WORD, unicodedata.normalize("NFC", s))


# --- catalogues -------------------------------------------------------------------------------------------------


unsaid = {}  # language: strings without a translation


def excused(language, faults):
    """What the strings without a translation bring about is said, and is no fault until STRICT."""
    if STRICT or not unsaid[language]:
        return faults
    for f in faults:
        print("WARNING: " + f)
    return []


def key_bar_labels():
    """The labels of ui/command.c's table: the fifth member of a row."""
    text = open(os.path.join(cat.TOP, "ui/command.c"), encoding="utf-8").read()
    return re.findall(r'\{"[\w.]+",\s*[A-Z_~&| \n]+,\s*"[^"]*",\s*(?:NULL|"[^"]*"),\s*N_\("([^"]*)"\)', text)


def check_message(language, m):
    bad = []
    for i, says in enumerate(m.says):
        english = [m.id, m.many] if m.many else [m.id]
        where = f"{language}: {m.id!r} -> {says!r}: "
        if not any(e.startswith(" ") == says.startswith(" ") and e.endswith(" ") == says.endswith(" ") for e in english):
            bad.append(where + "blanks at its ends differ")
        if not any(digits(e) == digits(says) for e in english):
            bad.append(where + "other numbers")
        if m.id.rstrip().endswith(":") != says.rstrip().endswith(":"):
            bad.append(where + "a label's colon")
        if m.context != "between thousands" and re.search(r"[\x00-\x09\x0b-\x1f\u2028-\u202e\u200b-\u200f\u00a0\u202f]", says):
            bad.append(where + "a control character or a blank that is not one")
        for other, words in FUNCTION_WORDS.items():
            plain = re.sub(r"`[^`']*'|--\w+[ =]\w+", " ", says)
            found = {w for w in re.findall(r"[^\W\d_]+", plain.casefold())} & set(words.split())
            if other != language and len(words_of(says)) > 2 and len(found) > 1:
                bad.append(where + f"words of {other}: {', '.join(sorted(found))}")
    return bad


def check_safety(language, all_):
    """Each message with a safety word says it as po/GLOSSARY does; two of them never say the same."""
    bad, seen, table = [], 0, cat.glossary()
    for english, says in table:
        ending = r"(?:o|a|os|as|é|ée|és|ées)"  # it agrees with its noun
        pattern = " ".join(re.sub(ending + "$", "", w) + r"\w*" for w in says[language].casefold().split())
        for m in all_:
            if english in m.id or english.upper() in m.id:
                if re.search(r"\b[Nn]o " + re.escape(english), m.id):  # "Known allergies" in "No known allergies"
                    continue
                seen += 1
                bad += [f"{language}: {m.id!r} -> {s!r}: lacks {says[language]!r}" for s in m.says if not re.search(pattern, s.casefold())]
    for i, (a, x) in enumerate(table):
        bad += [f"{language}: {a!r} and {b!r} say the same" for b, y in table[i + 1:] if fold(x[language]) == fold(y[language])]
    shouted = {}
    for m in all_:
        if m.says and m.says[0] and re.fullmatch(r"[A-Z][A-Z ,()'-]{2,}:? ?", m.id):
            shouted.setdefault(fold(m.says[0]).strip(" :"), set()).add(m.id.strip(" :"))
    bad += [f"{language}: {sorted(v)} say the same: {k!r}" for k, v in shouted.items() if len(v) > 1]
    return bad, seen


def check_catalogue(language, pot):
    path, bad, missing = cat.po(language), [], []
    p = subprocess.run(["msgfmt", "-c", "-o", os.devnull, path], capture_output=True, text=True, env=cat.ENV)
    if p.returncode or "warning" in p.stderr:
        bad.append(f"{language}: msgfmt: {p.stderr.strip()}")
    have = {m.key: m for m in cat.messages(path)}
    for m in pot:
        t = have.get(m.key)
        if not t or not all(t.says):
            missing.append(m.id)
        elif t.fuzzy:
            bad.append(f"{language}: fuzzy: {m.id!r}")
        elif len(t.says) != (2 if m.many else 1):
            bad.append(f"{language}: {m.id!r}: {len(t.says)} forms")
    now = [have[m.key] for m in pot if m.key in have and all(have[m.key].says)]
    for m in now:
        bad += check_message(language, m)
    says = {m.id: m.says[0] for m in now}
    for english in key_bar_labels():
        for label in (english, says.get(english, "")):
            if columns(label) > 8:
                bad.append(f"{language}: key bar: {label!r} has {columns(label)} columns")
    for english, most in WIDTHS.items():
        filled = says.get(english, "").replace("%s", "05-mar-2026").replace("%lld", "999")
        if columns(filled) > most:
            bad.append(f"{language}: {filled!r} has {columns(filled)} columns, {most} are there")
    if PLURALS[language] not in open(path, encoding="utf-8").read():
        bad.append(f"{language}: its plurals are not {PLURALS[language]!r}")
    heading = says.get("  Due             Patient, number - task", " " * 18 + "x")
    if heading[17] != " " or heading[18] == " ":
        bad.append(f"{language}: the heading of the tasks does not begin its second word in column 18: {heading!r}")
    months = [says.get(m) for m in MONTHS["en"].split()]
    if months != MONTHS[language].split() or len({fold(m) for m in months}) != 12 or any(columns(m) != 3 for m in months):
        bad.append(f"{language}: months are {months}")
    for whole, *parts in PIECES:
        parts = [next((m.says[0] for m in now if m.key == p), "?") if isinstance(p, tuple) else says.get(p, p) for p in parts]
        joined = re.sub(r" +", " ", " ".join(parts))
        if whole in says and says[whole] != joined:
            bad.append(f"{language}: {whole!r} is {says[whole]!r} in one piece and {joined!r} in pieces")
    more, seen = check_safety(language, now)
    print(f"{language}: {len(now)} of {len(pot)} messages, {seen} with a safety word, {len(missing)} without a translation")
    unsaid[language] = missing
    bad += [f"{language}: no translation of the safety word {id_!r}" for id_ in missing for english, _ in cat.glossary() if english in id_]
    if STRICT:
        return bad + more + [f"{language}: no translation: {id_!r}" for id_ in missing]
    for id_ in missing:
        print(f"{language}: WARNING: no translation: {id_!r}")
    return bad + more


def check_apart(pot):
    """A sentence that two languages say alike is one that was pasted into the wrong file."""
    by = {lang: {m.key: m.says for m in cat.messages(cat.po(lang))} for lang in cat.LANGUAGES}
    bad = []
    for m in pot:
        long_ = len(words_of(re.sub(r"\S*[:/%-]\S*", "", m.id))) > 3
        says = [(l, by[l].get(m.key, [""])[0]) for l in by]
        bad += [f"{a}: {m.id!r} is not translated" for a, x in says if long_ and x == m.id]
        bad += [f"{a}, {b}: {m.id!r} reads the same" for i, (a, x) in enumerate(says) for b, y in says[i + 1:] if long_ and x and x == y]
    return bad


# --- the program ------------------------------------------------------------------------------------------------


def spoken(env, program=ward.WARDLINE):
    """The language of the message that there is no profile."""
    with tempfile.TemporaryDirectory() as home:
        p = subprocess.run([program, "--home", os.path.join(home, "none"), "list"], capture_output=True, text=True, env={"HOME": home, "TERM": "xterm", **env})
    for language, words in {"en": "there is no profile", "es": "no hay ningún perfil", "fr": "il n'y a pas de profil"}.items():
        if words in p.stderr:
            return language
    return p.stderr


def check_environment():
    """No locale but C.UTF-8 need be there; LC_ALL=C and LANG=C stay English, as scripts expect."""
    cases = [("LC_ALL=C.UTF-8 LANGUAGE=es", "es"), ("LANG=C.UTF-8 LANGUAGE=de:fr", "fr"), ("LANGUAGE=es", "es"), ("LANG=fr_FR.UTF-8", "fr"),
             ("LANG=es_MX.UTF-8", "es"), ("LANG=xx_XX.UTF-8 LANGUAGE=fr", "fr"), ("LC_MESSAGES=es_MX.UTF-8 LANG=C.UTF-8", "es"),
             ("LC_ALL=C LANGUAGE=es", "en"), ("LANG=C LANGUAGE=fr", "en"), ("LANG=C.UTF-8", "en"), ("LANG=C.UTF-8 LANGUAGE=en_GB:fr", "en"),
             ("LANG=C.UTF-8 LANGUAGE=de", "en"), ("LANG=C.UTF-8 LANGUAGE=../../po/es", "en"), ("", "en")]
    bad = []
    for env, want in cases:
        got = spoken(dict(e.split("=") for e in env.split()))
        bad += [f"{env}: speaks {got!r}, not {want}"] if got != want else []
    make = open(os.path.join(ward.BUILD, "po/Makefile"), encoding="utf-8").read()
    prefix = re.search(r"^prefix = (.*)$", make, re.M).group(1)
    installed = re.search(r"^localedir = (.*)$", make, re.M).group(1).replace("${datarootdir}", re.search(r"^datarootdir = (.*)$", make, re.M).group(1))
    if installed.replace("${prefix}", prefix).encode() not in open(ward.WARDLINE, "rb").read():
        bad.append(f"the program does not look for catalogues where `make install' puts them: {installed}")
    return bad


def generator():
    path = ward.data("danger/make-danger.py")
    if not path:
        return None
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("make_danger", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(chart):
    """{a row's place and id: its words}; the banner's lines and a section's own words by their number."""
    out = {("banner", i): l for i, l in enumerate(chart["banner"])}
    for name, rows in chart["sections"].items():
        for i, r in enumerate(rows):
            key = (name, r["resourceType"], r["id"]) if r["id"] else (name, i)
            out[key] = "  ".join([r["date"] or "", r["text"], *r["flags"]])
    return out


# What stands in which chart and section: the words that a nurse must find, in her language.
FACTS = {
    "es": [("dg-al-known", "banner", "Alergias conocidas: "), ("dg-al-known", "allergies", "criticidad alta"), ("dg-al-none-known", "banner", "Sin alergias conocidas"),
           ("dg-al-not-recorded", "banner", "Alergias no registradas"), ("dg-al-in-error", "allergies", "REGISTRADO POR ERROR: "),
           ("dg-al-refuted", "allergies", "REFUTADO: "), ("dg-med-status", "medicines", "EN PAUSA: "), ("dg-med-status", "medicines", "DETENIDO"),
           ("dg-med-intent", "medicines", "NO ADMINISTRAR: "), ("dg-med-dose", "medicines", "DOSIS "), ("dg-med-dose", "medicines", "dosis no registrada"),
           # 1,000 would be read as one
           ("dg-med-dose", "medicines", "DOSIS 1000 unidades (= 1\u00a0000 unidades)"),
           ("dg-med-taper", "medicines", "luego PASO 2: "), ("dg-id-dead-date", "banner", "*** FALLECIÓ "), ("dg-al-known", "banner", "DE ARCHIVO, NO ESTÁ EN EL SERVIDOR")],
    "fr": [("dg-al-known", "banner", "Allergies connues: "), ("dg-al-known", "allergies", "criticité élevée"), ("dg-al-none-known", "banner", "Aucune allergie connue"),
           ("dg-al-not-recorded", "banner", "Allergies non renseignées"), ("dg-al-in-error", "allergies", "SAISI PAR ERREUR: "),
           ("dg-al-refuted", "allergies", "RÉFUTÉ: "), ("dg-med-status", "medicines", "EN PAUSE: "), ("dg-med-status", "medicines", "ARRÊTÉ"),
           ("dg-med-intent", "medicines", "NE PAS ADMINISTRER: "), ("dg-med-dose", "medicines", "DOSE "), ("dg-med-dose", "medicines", "dose non renseignée"),
           ("dg-med-dose", "medicines", "DOSE 1000 unités (= 1\u00a0000 unités)"),
           ("dg-med-taper", "medicines", "puis ÉTAPE 2: "), ("dg-id-dead-date", "banner", "*** DÉCÈS "), ("dg-al-known", "banner", "D'UN FICHIER, PAS SUR LE SERVEUR")],
}


def environment(language):
    return {"LC_ALL": "C.UTF-8", "LANGUAGE": language}


def check_charts(w, known):
    bad, ids = [], [p["id"] for p in w.json("list", env=environment("en"))]
    charts = {(l, i): w.json("show", i, env=environment(l)) for l in ["en", *cat.LANGUAGES] for i in ids}
    compared = 0
    for language in cat.LANGUAGES:
        own = known | {x.casefold() for m in cat.messages(cat.po(language)) for s in m.says for x in words_of(s)}
        english = set()
        for i in ids:
            a, b = rows_of(charts["en", i]), rows_of(charts[language, i])
            if a.keys() != b.keys():
                bad.append(f"{language}: {i}: other rows than in English: {sorted(map(str, a.keys() ^ b.keys()))[:4]}")
            for k in a.keys() & b.keys():
                compared += 1
                if digits(a[k]) != digits(b[k]):
                    bad.append(f"{language}: {i} {k}: other numbers:\n    {a[k]}\n    {b[k]}")
                english |= {x for x in words_of(b[k]) if x.casefold() not in own and x not in EXEMPT}
        bad += excused(language, [f"{language}: English word in a chart: {x!r}" for x in sorted(english)])
        for id_, section, words in FACTS[language]:
            chart = charts.get((language, "file:" + id_)) or charts.get((language, id_))
            text = "\n".join(chart["banner"]) if section == "banner" else "\n".join(r["text"] for r in chart["sections"][section]) if chart else ""
            bad += excused(language, [f"{language}: {id_} {section} lacks {words!r}"] if words not in text else [])
    print(f"{len(ids)} charts, {compared} rows compared with English")
    return bad if compared > 1000 else bad + [f"only {compared} rows"]


def check_typed(w):
    """A birth date can be typed as the language writes it, with the accents of its months or without."""
    bad, tried = [], 0
    for language in cat.LANGUAGES:
        months = MONTHS[language].split()
        for p in w.json("list", env=environment(language)):
            day = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", p["birthDate"] or "")
            month = months[int(day.group(2)) - 1] if day else ""
            if not day or month in MONTHS["en"].casefold().split():
                continue
            tried += 1
            for word in {month, fold(month)}:
                found = w.json("list", f"{day.group(3)}-{word}-{day.group(1)}", env=environment(language))
                if p["id"] not in [f["id"] for f in found]:
                    bad.append(f"{language}: born {p['birthDate']} is not found by {day.group(3)}-{word}-{day.group(1)}")
            if tried % 5 == 0:
                break
    return bad if tried else bad + ["no birth date was typed"]


# The screens that ward.screens does not come by, from the worklist: its lists, tasks, a grid, a trend, the banner, hints.
TOUR = ["v", "q", "o", "q", "t", "q", "/quarles\r", "\r", "l", "=", "T", "q", "q", "c", "b", "q", "g", "x", "M", "z", "?", " ", " ", "q", ":", "\x07", "q", "q", "/redfern\r"]


def tour(w, env):
    """(name, text) of those screens."""
    sys.path.insert(0, os.path.join(cat.TOP, "tests", "ui"))
    import harness
    with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(env)) as t:
        t.settle(first=20)
        t.send(ward.PASS + "\r")
        t.settle(quiet=2, first=10)
        for i, keys in enumerate(TOUR):
            t.key(keys)
            yield f"tour {i + 1} ({keys!r})", t.text()


def check_screens(w, known):
    bad, n = [], 0
    for language in cat.LANGUAGES:
        own = known | {x.casefold() for m in cat.messages(cat.po(language)) for s in m.says for x in words_of(s)}
        screens = list(w.screens({**environment(language), **w.extra}))
        for name, text in screens + (list(tour(w, {**environment(language), **w.extra})) if screens else []):
            n += 1
            if name == "chart" and not FACTS[language][-1][2].split(",")[0] in text:
                bad.append(f"{language}: the chart's screen was not reached")
            bar = text.split("\n")[22]
            if name in ("worklist", "chart", "medicines", "results", "detail") and not all(re.search(rf"(^|\s){k} \S", bar) for k in ("\\?", "q", "L")):
                bad.append(f"{language}: {name}: no way to help, back or the lock in the key bar: {bar.strip()!r}")
            ids = re.sub(r"\b[a-z]+(?:\.[a-z]+)+", " ", text)  # the palette's names of commands, which wardline.conf takes
            left = {x for x in words_of(ids) if x.casefold() not in own and x not in EXEMPT}
            if "'g'" in name:  # the hint cuts the names of sections
                left = {x for x in left if len(x) < 5 or not any(o.startswith(x.casefold()) for o in own)}
            bad += excused(language, [f"{language}: English word on screen {name}: {x!r}" for x in sorted(left)])
    print(f"{n} screens" if n else "skipped: screens: no pyte")
    return bad


def check_lines(w, known):
    """The same in line mode, through a pipe: a patient, her medicines, a result in full, help."""
    bad = []
    for language in cat.LANGUAGES:
        own = known | {x.casefold() for m in cat.messages(cat.po(language)) for s in m.says for x in words_of(s)}
        r, to = os.pipe()
        os.write(to, ward.PASS.encode() + b"\n")
        os.close(to)
        p = subprocess.run([ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "--line"], input="/jessop\n1\nm\nl\n1\n?\nq\nq\nq\n", pass_fds=[r],
                           capture_output=True, text=True, env=ward.environment({**environment(language), **w.extra}), timeout=120)
        os.close(r)
        dose = "DOSIS 125 mcg" if language == "es" else "DOSE 125 mcg"
        if dose not in p.stdout:
            bad.append(f"{language}: line mode: no {dose!r}: {p.stdout[-300:]}{p.stderr}")
        left = {x for x in words_of(p.stdout) if x.casefold() not in own and x not in EXEMPT}
        bad += excused(language, [f"{language}: English word in line mode: {x!r}" for x in sorted(left)])
    return bad


def check_program():
    make = generator()
    if not make:
        print("skipped: charts and screens: no WARDLINE_DATA")
        return []
    with tempfile.TemporaryDirectory() as tmp:
        folder = os.path.join(tmp, "danger")
        make.generate(folder)
        files = sorted(os.path.join(d, f) for d, _, fs in os.walk(folder) for f in fs if f.endswith(".json"))
        w = ward.Ward(tmp, url="http://127.0.0.1:1/fhir", sync=False, quick=True)
        w.cli("import", *files)
        known = {x.casefold() for f in files for x in words_of(json.dumps(json.load(open(f, encoding="utf-8")), ensure_ascii=False))}
        known |= {x.casefold() for x in words_of(w.home + " " + w.url)}
        return check_charts(w, known) + check_typed(w) + check_lines(w, known) + check_screens(w, known)


def main():
    if not cat.tools():
        print("skipped: no gettext tools")
        return 77
    pot = cat.template()
    bad = [f for language in cat.LANGUAGES for f in check_catalogue(language, pot)]
    if len(key_bar_labels()) < 15:
        bad.append("ui/command.c: labels of the key bar not found")
    bad += check_apart(pot) + check_environment() + check_program()
    for b in bad:
        print(b)
    print(f"languages: {', '.join(cat.LANGUAGES)}; {len(pot)} messages, {len(bad)} faults")
    return 1 if bad or len(pot) < 800 else 0


if __name__ == "__main__":
    sys.exit(main())
