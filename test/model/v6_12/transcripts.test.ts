// SPDX-License-Identifier: GPL-2.0-only
//
// Compares the model of Linux 6.12 with transcripts of a real kernel, byte for byte. Other tests rely on the model.

import { join, relative } from 'node:path'
import { type DrillSource, findDrillFiles, listDrills, parseDrill, readExpected } from '../../../lib/drill'
import { Declined } from '../declined'
import { SPACIOUS } from '../layout'
import { Player } from '../player'
import { replay } from '../replay'
import { RunnerSide } from './runner-side'

const CONFORMANCE = join(__dirname, '..', '..', 'conformance')
const FOLDERS = [
  'linux-6.12',
  'linux-6.12-calls',
  'linux-6.12-dense',
  'linux-6.12-exclusive',
  'linux-6.12-memory',
  'linux-6.12-more',
  'linux-6.12-userfaultfd',
]
const drills = listDrills(FOLDERS.flatMap((folder) => findDrillFiles(join(CONFORMANCE, folder))))

/** Undefined: the model declines the drill. */
function play(source: DrillSource): string | undefined {
  try {
    const lines = replay(parseDrill(source, 'linux-6.12'), (sizes) => new Player(new RunnerSide(sizes), SPACIOUS, true))
    return `${lines.join('\n')}\n`
  } catch (error) {
    if (error instanceof Declined) return undefined
    throw error
  }
}

const declined: DrillSource[] = []

test.each([...drills].map(([file, sources]) => [relative(CONFORMANCE, file), file, sources] as const))(
  '%s',
  (_name, file, sources) => {
    const expected = readExpected(file)
    for (const source of sources) {
      const transcript = play(source)
      if (transcript === undefined) declined.push(source)
      else expect([source.name, transcript]).toEqual([source.name, expected?.get(source.name)])
    }
  },
)

test('so many drills there are, and only those with hugetlb pages are declined', () => {
  expect([...drills.values()].flat().length).toBeGreaterThanOrEqual(2900)
  const others = declined.filter(({ text }) => !text.includes(' hugetlb '))
  expect(others.map(({ name }) => name)).toEqual([])
  expect(declined.length).toBeLessThanOrEqual(40)
})
