#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make.py JAR > r4.txt: the types of FHIR R4 and their elements, from HL7's own definitions
(profiles-types.xml and profiles-resources.xml of R4 4.0.1, CC0, as the jar hapi-fhir-validation-resources-r4 of
Maven Central carries them). One line a type: NAME<BASE element=TYPE|TYPE* ..., where * is a list, [x] a choice and
=@ a choice of every type; an element with elements of its own is the type TYPE.element."""
import re, sys, zipfile
import xml.etree.ElementTree as ET

F = "{http://hl7.org/fhir}"
SYSTEM = "http://hl7.org/fhirpath/System."


def value(e, name):
    x = e.find(F + name)
    return None if x is None else x.get("value")


def types_of(e):
    found = []
    for t in e.findall(F + "type"):
        code = value(t, "code")
        for x in t.findall(F + "extension"):
            if x.get("url", "").endswith("structuredefinition-fhir-type"):
                code = (x.find(F + "valueUrl") if x.find(F + "valueUrl") is not None else x.find(F + "valueUri")).get("value")
        if code.startswith(SYSTEM):
            code = code[len(SYSTEM):].lower()
        if code not in found:
            found.append(code)
    return found


def one(sd, out):
    name, base = value(sd, "type"), (value(sd, "baseDefinition") or "").rsplit("/", 1)[-1]
    elements = sd.find(F + "snapshot").findall(F + "element")
    paths = [value(e, "path") for e in elements]
    own = {name: []}
    for e, path in zip(elements, paths):
        if "." not in path:
            continue
        basepath = value(e.find(F + "base"), "path")
        stem, leaf = path.rsplit(".", 1)
        if stem not in own:
            own[stem] = []
        # What a base has is its base's; a resource of its own type says it again nowhere.
        if basepath != path:
            continue
        if name[0].islower() and leaf == "value":
            continue  # a primitive's value is itself
        many = "*" if value(e, "max") == "*" else ""
        ref = value(e, "contentReference")
        if ref:
            kind = ref.lstrip("#")
        elif any(p.startswith(path + ".") for p in paths):
            kind = path
        else:
            ts = types_of(e)
            kind = "@" if len(ts) > 40 else "|".join(ts)
        if path == "Resource.id":
            kind = "id"  # HL7's 4.0.1 says string here, and id in the text
        own[stem].append(f"{leaf}={kind}{many}")
    bases = {name: base}
    for e, path in zip(elements, paths):
        if path in own and path != name:
            bases[path] = types_of(e)[0]
    for t, members in own.items():
        out[t] = f"{t}<{bases.get(t, '')}" + "".join(" " + m for m in members)


def main():
    out = {}
    with zipfile.ZipFile(sys.argv[1]) as z:
        for n in ("profiles-types.xml", "profiles-resources.xml"):
            path = next(x for x in z.namelist() if x.endswith("/" + n))
            for sd in ET.fromstring(z.read(path)).iter(F + "StructureDefinition"):
                if value(sd, "derivation") != "constraint":
                    one(sd, out)
    for _, text in sorted(out.items()):
        print(text)


main()
