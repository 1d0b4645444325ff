// SPDX-License-Identifier: GPL-2.0-only
//
// The machine prints a real kernel's transcripts, byte for byte, and is in balance after every command.

import { join } from 'node:path'
import { type CheckResult, checkFile, findDrillFiles, listDrills, profileOf } from '../../lib/drill'

const folders = [
  'linux-4.14',
  'linux-6.12',
  'linux-6.12-userfaultfd',
  'linux-6.12-calls',
  'linux-6.12-exclusive',
  'linux-6.12-memory',
  'linux-6.12-dense',
  'linux-6.12-more',
].map((name) => join(__dirname, name))
const drills = listDrills(folders.flatMap(findDrillFiles))

test('so many drills there are', () => {
  const counts = new Map<string, number>()
  for (const [file, sources] of drills) {
    const profile = profileOf(file)
    counts.set(profile, (counts.get(profile) ?? 0) + sources.length)
  }
  expect(counts.get('linux-4.14')).toBe(1122)
  expect(counts.get('linux-6.12')).toBeGreaterThanOrEqual(2850)
})

describe.each([...drills])('%s', (file, sources) => {
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
