// SPDX-License-Identifier: GPL-2.0-only
//
// npm run bench:kernel: what operations cost a real Linux 6.12, in instructions, beside what they cost the emulator. QEMU's clock
// counts the guest's instructions (-icount shift=0), so the counts hardly depend on the host. The emulator's are those of
// bench/instructions.json. --update writes bench/kernel.json, from which `npm run bench:docs` fills in docs/performance.md.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { program } from 'commander'
import { buildKernel } from '../kernel/kernel.mjs'
import { needPackages } from '../lib/debian.mjs'
import { root } from '../lib/run.mjs'
import { besideKernel, KERNEL_FILE, medians } from './beside-kernel.mjs'
import { table } from './tables.mjs'

const {
  update,
  json,
  kernel: given,
} = program
  .option('--kernel <bzImage>', 'a kernel that kernel/build made (default: built in build-kernel)')
  .option('--update', 'write bench/kernel.json')
  .option('--json', 'print the counts of each run')
  .parse()
  .opts()

/** The records of one virtual machine: each operation, several times. */
function measure(image) {
  const printed = execFileSync('python3', [`${root}/kernel/drillvm.py`, image, '--bench'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** "Linux 6.12.94, QEMU 7.2.22" */
function versions() {
  const source = execFileSync('dpkg-query', ['--show', 'linux-source-6.12'], { encoding: 'utf8' })
  const qemu = execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' })
  return `Linux ${/\s([\d.]+)/.exec(source)[1]}, QEMU ${/version ([\d.]+)/.exec(qemu)[1]}`
}

needPackages(['python3', 'qemu-system-x86'])
const records = measure(given ?? buildKernel())
const kept = { versions: versions(), instructions: medians(records) }
if (json) {
  console.log(JSON.stringify({ ...kept, records }))
} else {
  const { instructions } = JSON.parse(readFileSync(`${root}/bench/instructions.json`, 'utf8'))
  const { head, rows } = besideKernel(instructions, kept.instructions)
  console.log(`${kept.versions}\n${table(head, rows)}`)
}
if (update) writeFileSync(KERNEL_FILE, `${JSON.stringify(kept, null, 2)}\n`)
