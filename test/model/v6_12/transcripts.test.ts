// SPDX-License-Identifier: GPL-2.0-only
//
// Compares the model of Linux 6.12 with transcripts of a real kernel, byte for byte. Other tests rely on the model.

import { join } from 'node:path'
import { type DrillSource, parseDrill, readDrills, readExpected } from '../../../lib/drill'
import { Declined } from '../declined'
import { SPACIOUS } from '../layout'
import { Player } from '../player'
import { replay } from '../replay'
import { ModelSide } from './model-side'

const CONFORMANCE = join(__dirname, '..', '..', 'conformance')
/** The drills that need no device. */
const FILES = [
  'linux-6.12/memory.drills.gz',
  'linux-6.12/hold-blocks-cow.drill',
  'linux-6.12/hold-refused.drill',
  'linux-6.12/map-kinds.drill',
  'linux-6.12/notifier-protect-empty.drill',
  'linux-6.12-memory/dense.drills.gz',
]

function play(source: DrillSource): string {
  const lines = replay(
    parseDrill(source, 'linux-6.12'),
    (devicePages) => new Player(new ModelSide(devicePages), SPACIOUS, true),
  )
  return `${lines.join('\n')}\n`
}

test.each(FILES)('%s', (name) => {
  const file = join(CONFORMANCE, name)
  const expected = readExpected(file)
  for (const source of readDrills(file))
    expect([source.name, play(source)]).toEqual([source.name, expected?.get(source.name)])
})

test('what the model does not know it says', () => {
  const text = 'A map ht hugetlb 512\nA write ht[0] 1\n'
  expect(() => play({ name: 'ht', file: 'ht.drill', firstLine: 1, text })).toThrow(Declined)
})
