# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile behind a line that a test does things to (badline.py)."""
import json, os

import ward
from badline import Line


class Client:
    """base: the server. settings: of the profile, before its first sync; a name's dots are written as _."""

    def __init__(self, tmp, base, **settings):
        os.makedirs(tmp, exist_ok=True)
        self.base, self.line = base, Line(base)
        self.w = ward.Ward(tmp, url=self.line.url, init=False)
        self.w.quick()
        for name, value in settings.items():
            self.w.set(name.replace("_", "."), value)

    def sync(self, *more):
        """(status, report); line.server.requests is what this sync asked."""
        self.line.server.requests.clear()
        p = self.w.cli("sync", "--json", *more, check=False)
        return p.returncode, json.loads(p.stdout or "{}")

    def here(self, name):
        return self.w.cli("get", name, check=False).returncode == 0

    def get(self, name):
        p = self.w.cli("get", name, check=False)
        return json.loads(p.stdout) if p.returncode == 0 else None
