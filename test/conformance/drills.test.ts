// SPDX-License-Identifier: GPL-2.0-only
//
// The machine prints a real kernel's transcripts, byte for byte, and is in balance after every command.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckResult, checkFile, findDrillFiles, isConcatenation, listDrills, profileOf } from '../../lib/drill'

/** What only a migration shows: scripts/lib/run.mjs leaves these drills out as well. */
const MIGRATION = /^\s*(@\w+ )?(\w+ (migrate|mirror|exclusive)|evict) /m

/** The drills of Linux 6.12's memory model; those of its migration follow. */
function memoryDrills(): string[] {
  const files = findDrillFiles(join(__dirname, 'linux-6.12'))
  return files.filter((file) =>
    isConcatenation(file) ? /\/memory\.drills/.test(file) : !MIGRATION.test(readFileSync(file, 'utf8')),
  )
}

const wholeFolders = [
  'linux-4.14',
  'linux-6.12-userfaultfd',
  'linux-6.12-calls',
  'linux-6.12-exclusive',
  'linux-6.12-memory',
].map((name) => join(__dirname, name))
const drills = listDrills([...wholeFolders.flatMap(findDrillFiles), ...memoryDrills()])

test('so many drills there are', () => {
  const counts = new Map<string, number>()
  for (const [file, sources] of drills) {
    const profile = profileOf(file)
    counts.set(profile, (counts.get(profile) ?? 0) + sources.length)
  }
  expect(counts.get('linux-4.14')).toBe(1122)
  expect(counts.get('linux-6.12')).toBeGreaterThanOrEqual(1030)
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
