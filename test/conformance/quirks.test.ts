// SPDX-License-Identifier: GPL-2.0-only
//
// The faults of 4.14 and the drills that show them. quirks.json names, for each drill whose transcript differs on a
// kernel without faults, the quirks that explain it (scripts/generate/quirk-drills.mjs writes it).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DrillSource, findDrillFiles, listDrills, runSource } from '../../lib/drill'
import type { QuirkName } from '../../lib/index'

const explained: Record<string, QuirkName[]> = JSON.parse(readFileSync(join(__dirname, 'quirks.json'), 'utf8'))
const sources = [...listDrills(findDrillFiles(join(__dirname, 'linux-4.14'))).values()].flat()
const FIXED = 'linux-4.14-fixed'

/** The names of the drills for which a condition holds. Comparing lists of names shows which drills are wrong. */
function names(holds: (source: DrillSource) => boolean): string[] {
  return sources
    .filter(holds)
    .map((source) => source.name)
    .sort()
}

const faulty = new Map(sources.map((source) => [source.name, runSource(source).transcript]))

test('the drills that differ on a fixed kernel are those of the list', () => {
  const differ = names((source) => runSource(source, { profile: FIXED }).transcript !== faulty.get(source.name))
  expect(differ).toEqual(Object.keys(explained).sort())
})

test('the quirks of the list, and no others, make the fixed kernel print what 4.14 prints', () => {
  const off = names((source) => {
    const quirks = Object.fromEntries((explained[source.name] ?? []).map((quirk) => [quirk, true]))
    return runSource(source, { profile: FIXED, quirks }).transcript !== faulty.get(source.name)
  })
  expect(off).toEqual([])
})

test('the machine is in balance after every command of a fixed kernel, too', () => {
  const failures = sources
    .map((source) => runSource(source, { profile: FIXED, verify: true }).failure?.message)
    .filter((message) => message !== undefined)
  expect(failures).toEqual([])
})
