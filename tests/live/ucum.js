// SPDX-License-Identifier: GPL-3.0-or-later
// ucum-lhc by the line: reads what tests/codes/ucum_run reads and writes 0 and the number, or 1. NODE_PATH names where it lies.
const fs = require('fs');
const utils = require('@lhncbc/ucum-lhc').UcumLhcUtils.getInstance();
const out = [];
for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(x => x)) {
  const [verb, value, from, to, mass, charge] = line.split('\t');
  if (verb === 'check') {
    out.push((utils.validateUnitString(value).status === 'valid' ? 0 : 1) + '\t');
    continue;
  }
  const more = {};
  if (mass) more.molecularWeight = Number(mass);
  if (charge) more.charge = Number(charge);
  const r = utils.convertUnitTo(from, Number(value), to, more);
  out.push(r.status === 'succeeded' ? '0\t' + r.toVal : '1\t');
}
fs.writeFileSync(1, out.join('\n') + '\n');
