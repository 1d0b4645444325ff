// SPDX-License-Identifier: GPL-2.0-only
//
// Finds the drills whose transcripts differ on a kernel without faults, and the faults that explain each: writes
// test/conformance/quirks.json. A quirk explains a drill if the transcript changes when only this quirk is switched
// off. Where quirks hide each other, it explains the drill if it alone, switched on in the fixed kernel, makes a
// difference. Where one shows only what another does, both explain it. The quirks of 4.14 are sought in its drills, those of 6.12 in those of its drills that the machine can play.
// Quirks that neither profile has are named, and not sought: no kernel's transcripts show them.
//
//   node scripts/generate/quirk-drills.mjs            (needs npm run build)

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Machine, quirkValues } = require('../../dist')
const { findDrillFiles, listDrills, runSource } = require('../../dist/drill')

/** Each has the drills of its kernel in the folder of its name. */
const PROFILES = ['linux-4.14', 'linux-6.12']

const folderOf = (profile) => new URL(`../../test/conformance/${profile}`, import.meta.url).pathname
const output = new URL('../../test/conformance/quirks.json', import.meta.url).pathname

const print = (source, options) => runSource(source, options).transcript

function quirksOf(profile) {
  const machine = new Machine({ ramPages: 64, profile })
  const quirks = [...machine.quirks]
  machine.dispose()
  return quirks
}

/** The quirks that explain a drill; undefined if it is the same without faults. */
function explain(source, profile, quirks) {
  const off = Object.fromEntries(quirks.map((quirk) => [quirk, false]))
  const faulty = print(source, { profile })
  const fixed = print(source, { profile, quirks: off })
  if (fixed === faulty) return undefined
  const printsFaulty = (on) =>
    print(source, { profile, quirks: { ...off, ...Object.fromEntries(on.map((quirk) => [quirk, true])) } }) === faulty
  const alone = quirks.filter(
    (quirk) =>
      print(source, { profile, quirks: { [quirk]: false } }) !== faulty ||
      print(source, { profile, quirks: { ...off, [quirk]: true } }) !== fixed,
  )
  return printsFaulty(alone) ? alone : withNeeded(alone, quirks, printsFaulty)
}

/** These quirks, and the others that have to be on with them: each is left out with which it prints the same. */
function withNeeded(alone, quirks, printsFaulty) {
  let on = quirks
  for (const quirk of quirks.filter((each) => !alone.includes(each))) {
    const fewer = on.filter((each) => each !== quirk)
    if (printsFaulty(fewer)) on = fewer
  }
  return on
}

/** The lines of the drills that differ, and the number of drills of each quirk. */
function explainAll(profile) {
  const quirks = quirksOf(profile)
  const counts = new Map(quirks.map((quirk) => [quirk, 0]))
  const lines = []
  for (const source of [...listDrills(findDrillFiles(folderOf(profile))).values()].flat()) {
    if (runSource(source, { profile }).failure) continue
    const reasons = explain(source, profile, quirks)
    if (reasons === undefined) continue
    for (const quirk of reasons) counts.set(quirk, counts.get(quirk) + 1)
    lines.push(`    ${JSON.stringify(source.name)}: ${JSON.stringify(reasons).replaceAll(',', ', ')}`)
  }
  return { lines: lines.sort(), counts }
}

const texts = []
const sought = new Set()
for (const profile of PROFILES) {
  const { lines, counts } = explainAll(profile)
  texts.push(lines.length > 0 ? `  "${profile}": {\n${lines.join(',\n')}\n  }` : `  "${profile}": {}`)
  for (const [quirk, count] of counts) console.log(`${profile}: ${quirk}: ${count} drills`)
  console.log(`${profile}: ${lines.length} drills differ without quirks`)
  for (const quirk of counts.keys()) sought.add(quirk)
}
writeFileSync(output, `{\n${texts.join(',\n')}\n}\n`)
const left = Object.keys(quirkValues).filter((quirk) => !sought.has(quirk))
if (left.length > 0) console.log(`not sought, as ${PROFILES.join(' and ')} have them not: ${left.join(', ')}`)
