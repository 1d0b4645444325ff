// SPDX-License-Identifier: GPL-2.0-only
//
// Runs the drills of the conformance tests on one mutant, up to the first drill that notices it:
//   node scripts/mutants/drills.mjs verify         checks verify(), and ignores the transcripts
//   node scripts/mutants/drills.mjs transcripts    checks the transcripts, and does not call verify()
import { createRequire } from 'node:module'
import { emulatorDrills } from '../lib/run.mjs'

const { findDrillFiles, listDrills, profileOf, readExpected, runSource } = createRequire(import.meta.url)(
  '../../dist/drill',
)

const verify = process.argv[2] === 'verify'

/** The failure of a drill, in a line; undefined if it does not fail. */
function finding(source, profile, expected) {
  const { transcript, failure } = runSource(source, { verify, profile })
  if (failure?.code === 'HMMU_DRILL_VERIFY') return failure.message
  if (verify || (failure === undefined && transcript === expected)) return undefined
  return `${source.name}: ${failure?.message ?? 'another transcript'}`
}

function firstFinding() {
  for (const [file, sources] of listDrills(emulatorDrills.flatMap(findDrillFiles))) {
    const expected = readExpected(file)
    for (const source of sources) {
      const found = finding(source, profileOf(file), expected?.get(source.name))
      if (found) return found
    }
  }
  return undefined
}

const found = firstFinding()
if (found) console.log(found)
process.exitCode = found ? 1 : 0
