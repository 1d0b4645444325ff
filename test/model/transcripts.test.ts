// SPDX-License-Identifier: GPL-2.0-only
//
// Compares the model with the transcripts of a real kernel. Other tests rely on the model.

import { join } from 'node:path'
import { type DrillSource, findDrillFiles, parseDrill, readDrills, readExpected } from '../../lib/drill'
import { claimsOf } from './claims'
import { Declined } from './declined'
import { ModelSide } from './model-side'
import { Player } from './player'
import { replay } from './replay'

const FOLDER = join(__dirname, '..', 'conformance', 'linux-4.14')

/** The model's prediction of a drill's output, as far as the model knows. */
function play(source: DrillSource): string[] {
  return replay(parseDrill(source), ({ devicePages }) => new Player(new ModelSide(devicePages)))
}

const files = findDrillFiles(FOLDER)

test('there are as many drills as ever', () => {
  expect(files.flatMap(readDrills).length).toBeGreaterThanOrEqual(1122)
})

test.each(files.map((file) => [file.slice(FOLDER.length + 1), file]))('%s', (_name, file) => {
  const expected = readExpected(file)
  for (const source of readDrills(file)) {
    const claims = claimsOf(expected?.get(source.name) ?? '')
    expect([source.name, ...play(source)]).toEqual([source.name, ...claims])
  }
})

test('what the model does not know it says', () => {
  const text = 'A map io special 1\nA write io 1\n'
  expect(() => play({ name: 'io', file: 'io.drill', firstLine: 1, text })).toThrow(Declined)
})
