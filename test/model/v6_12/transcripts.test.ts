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

const FOLDER = join(__dirname, '..', '..', 'conformance', 'linux-6.12')
/** The drills that need no device. */
const FILES = ['memory.drills.gz', 'hold-blocks-cow.drill', 'hold-refused.drill', 'map-kinds.drill'].concat(
  'notifier-protect-empty.drill',
)

function play(source: DrillSource): string {
  const lines = replay(
    parseDrill(source, 'linux-6.12'),
    (devicePages) => new Player(new ModelSide(devicePages), SPACIOUS, true),
  )
  return `${lines.join('\n')}\n`
}

test.each(FILES)('%s', (name) => {
  const file = join(FOLDER, name)
  const expected = readExpected(file)
  for (const source of readDrills(file))
    expect([source.name, play(source)]).toEqual([source.name, expected?.get(source.name)])
})

test('what the model does not know it says', () => {
  const text = 'A map io special 1\nA write io 1\n'
  expect(() => play({ name: 'io', file: 'io.drill', firstLine: 1, text })).toThrow(Declined)
})
