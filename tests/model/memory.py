#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""With any one allocation failing a chart is whole or refused, never a chart that lacks a word.

charts --faults over the danger charts; it compares every text with the one made in peace. Needs a build with
--enable-fault-injection, and says 'skipped' in others.
"""
import glob, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/model"))
from danger import build, generator


def main():
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
        generator().generate(folder)
        files = sorted(glob.glob(f"{folder}/*.json"))[9:30:3] + sorted(glob.glob(f"{folder}/4[5-9]*.json"))
        p = subprocess.run([f"{build}/tests/model/charts", "--faults", home, *files], stdout=subprocess.PIPE, text=True)
    print(p.stdout.strip())
    return p.returncode


sys.exit(main())
