// SPDX-License-Identifier: GPL-2.0-only
//
// The machine prints a real kernel's transcripts, byte for byte, and is in balance after every command.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckResult, checkFile, findDrillFiles, listDrills } from '../../lib/drill'

const FOLDER = join(__dirname, 'linux-4.14')

/** The drills that match so far; the list only grows. */
const passing = readFileSync(join(__dirname, 'passing.txt'), 'utf8')
  .split('\n')
  .map((line) => line.replace(/#.*/, '').trim())
  .filter((line) => line !== '')

const drills = listDrills(findDrillFiles(FOLDER), { filter: (name) => passing.includes(name) })

test('every drill of passing.txt is there', () => {
  const found = [...drills.values()].flat().map((source) => source.name)
  expect(found.sort()).toEqual([...passing].sort())
})

test('the drills of tier 1 are among them', () => {
  const tier1 = readFileSync(join(FOLDER, 'TIER1.txt'), 'utf8').split(/\s+/).filter(Boolean)
  expect(passing).toEqual(expect.arrayContaining(tier1))
})

describe.each([...drills].filter(([, sources]) => sources.length > 0))('%s', (file, sources) => {
  let results: ReadonlyMap<string, CheckResult>
  beforeAll(() => {
    results = new Map(checkFile(file, sources, { verify: true }).map((result) => [result.name, result]))
  })

  test.each(sources.map((source) => source.name))('%s', (name) => {
    const result = results.get(name)
    expect(`${result?.reason ?? ''}\n${result?.diff ?? ''}`).toBe('\n')
    expect(result?.passed).toBe(true)
  })
})
