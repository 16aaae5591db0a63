// SPDX-License-Identifier: GPL-3.0-or-later
// fhirpath.js by the line: reads what tests/fhir/path_run reads and writes what it writes. NODE_PATH names where it lies.
const fs = require('fs');
const fhirpath = require('fhirpath');
const r4 = require('fhirpath/fhir-context/r4');
const load = {};
const read = f => (load[f] ??= JSON.parse(fs.readFileSync(f, 'utf8')));
const out = [];
for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(x => x)) {
  const ask = JSON.parse(line);
  try {
    const resource = ask.file ? read(ask.file) : {};
    const env = { resource };
    for (const [name, file] of Object.entries(ask.vars || {})) env[name] = file ? read(file) : [];
    const found = fhirpath.evaluate(resource, ask.expression, env, r4, { traceFn: () => {} });
    out.push(JSON.stringify({ results: found.map(v => (v && typeof v === 'object' && v.constructor !== Object ? String(v) : v)) }));
  } catch (e) {
    out.push(JSON.stringify({ error: String(e.message || e).split('\n')[0].slice(0, 160) }));
  }
}
fs.writeFileSync(1, out.join('\n') + '\n');
