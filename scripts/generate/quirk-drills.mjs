// SPDX-License-Identifier: GPL-2.0-only
//
// Finds the drills whose transcripts differ on a kernel without faults, and the faults that explain each: writes
// test/conformance/quirks.json. A quirk explains a drill if the transcript changes when only this quirk is switched
// off. Where quirks hide each other, it explains the drill if it alone, switched on in the fixed kernel, makes a
// difference.
//
//   node scripts/generate/quirk-drills.mjs            (needs npm run build)

import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Machine } = require('../../dist')
const { findDrillFiles, listDrills, runSource } = require('../../dist/drill')

const folder = new URL('../../test/conformance/linux-4.14', import.meta.url).pathname
const output = new URL('../../test/conformance/quirks.json', import.meta.url).pathname

const machine = new Machine({ ramPages: 64 })
const quirks = [...machine.quirks]
machine.dispose()

const print = (source, options) => runSource(source, options).transcript

function explain(source) {
  const faulty = print(source, {})
  const fixed = print(source, { profile: 'linux-4.14-fixed' })
  if (fixed === faulty) return undefined
  return quirks.filter(
    (quirk) =>
      print(source, { quirks: { [quirk]: false } }) !== faulty ||
      print(source, { profile: 'linux-4.14-fixed', quirks: { [quirk]: true } }) !== fixed,
  )
}

const explained = {}
for (const sources of listDrills(findDrillFiles(folder)).values()) {
  for (const source of sources) {
    const reasons = explain(source)
    if (reasons !== undefined) explained[source.name] = reasons
  }
}
const names = Object.keys(explained).sort()
const lines = names.map((name) => `  ${JSON.stringify(name)}: ${JSON.stringify(explained[name]).replaceAll(',', ', ')}`)
writeFileSync(output, `{\n${lines.join(',\n')}\n}\n`)
const counts = new Map(quirks.map((quirk) => [quirk, names.filter((name) => explained[name].includes(quirk)).length]))
for (const [quirk, count] of counts) console.log(`${quirk}: ${count} drills`)
console.log(`${names.length} drills differ on linux-4.14-fixed`)
