// SPDX-License-Identifier: GPL-2.0-only
//
// All drills of the conformance tests on one mutant, up to the first that shows something:
//   node scripts/mutants-drills.mjs verify         whether verify() complains; whatever is printed
//   node scripts/mutants-drills.mjs transcripts    whether what is printed is as expected; verify() is not called
import { createRequire } from 'node:module'
import { root } from './run.mjs'

const { findDrillFiles, listDrills, readExpected, runSource } = createRequire(import.meta.url)('../dist/drill')

const verify = process.argv[2] === 'verify'

/** What a drill shows, in a line; undefined if nothing. */
function finding(source, expected) {
  const { transcript, failure } = runSource(source, { verify })
  if (failure?.code === 'HMMU_DRILL_VERIFY') return failure.message
  if (verify || (failure === undefined && transcript === expected)) return undefined
  return `${source.name}: ${failure?.message ?? 'another transcript'}`
}

function firstFinding() {
  for (const [file, sources] of listDrills(findDrillFiles(`${root}/test/conformance`))) {
    const expected = readExpected(file)
    for (const source of sources) {
      const found = finding(source, expected?.get(source.name))
      if (found) return found
    }
  }
  return undefined
}

const found = firstFinding()
if (found) console.log(found)
process.exitCode = found ? 1 : 0
