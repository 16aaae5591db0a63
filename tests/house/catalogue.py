# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a .po file, for the tests that read po/: messages(path) -> [Message]; and po/GLOSSARY's safety words."""
import os, re, subprocess, tempfile

TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
LANGUAGES = [l.strip() for l in open(os.path.join(TOP, "po/LINGUAS")) if l.strip() and l[0] != "#"]
KEYWORDS = ["--keyword=_", "--keyword=N_", "--keyword=P_:1,2", "--keyword=C_:1c,2", "--keyword=NC_:1c,2"]
ENV = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="")


class Message:
    """id: the English; many: its plural or None; context or None; says: the translations, one a plural form; fuzzy."""

    def __init__(self, context, id_, many, says, fuzzy):
        self.context, self.id, self.many, self.says, self.fuzzy = context, id_, many, says, fuzzy
        self.key = (context, id_)


def tools():
    return all(subprocess.run(["which", t], capture_output=True).returncode == 0 for t in ("xgettext", "msgfmt", "msgattrib"))


def text_of(lines):
    """The C string that these quoted lines are."""
    s = "".join(re.match(r'^(?:msg\w+(?:\[\d\])?\s*)?"(.*)"$', l).group(1) for l in lines)
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), s)


def messages(path):
    plain = subprocess.run(["msgattrib", "--no-wrap", "--no-obsolete", path],
                           check=True, capture_output=True, text=True, env=ENV).stdout
    out = []
    for block in plain.split("\n\n"):
        parts, fuzzy, name = {}, False, None
        for l in block.splitlines():
            if l.startswith("#,") and "fuzzy" in l:
                fuzzy = True
            m = re.match(r'^(msg\w+(?:\[\d\])?)\s+"', l)
            if m:
                name = m.group(1)
                parts[name] = [l]
            elif l.startswith('"') and name:
                parts[name].append(l)
        if "msgid" not in parts:
            continue
        p = {k: text_of(v) for k, v in parts.items()}
        says = [p[k] for k in sorted(p) if k.startswith("msgstr")]
        if p["msgid"]:
            out.append(Message(p.get("msgctxt"), p["msgid"], p.get("msgid_plural"), says, fuzzy))
    return out


def template():
    """The messages that the sources have now."""
    with tempfile.TemporaryDirectory() as tmp:
        pot = os.path.join(tmp, "w.pot")
        subprocess.run(["xgettext", *KEYWORDS, "--from-code=UTF-8", "-D", TOP, "--files-from=" + os.path.join(TOP, "po/POTFILES.in"), "-o", pot],
                       check=True, capture_output=True, env=ENV)
        s = open(pot, encoding="utf-8").read().replace("charset=CHARSET", "charset=UTF-8")
        open(pot, "w", encoding="utf-8").write(s)
        return messages(pot)


def po(language):
    return os.path.join(TOP, "po", language + ".po")


def glossary():
    """[(English, {language: words})] of the safety words, po/GLOSSARY's first table."""
    out, inside = [], False
    for l in open(os.path.join(TOP, "po/GLOSSARY"), encoding="utf-8"):
        cells = re.split(r"\s{2,}", l.strip())
        if l.startswith("English"):
            inside = cells[1:]
        elif inside and not l.strip():
            break
        elif inside:
            out.append((cells[0], dict(zip(inside, cells[1:]))))
    return out
