// SPDX-License-Identifier: GPL-2.0-only
//
// The quick form: the hand-written drills, the first and the last passage of each site in each command. `npm run test:faults`
// does all drills and all passages.

import { join } from 'node:path'
import { findDrillFiles, isConcatenation, parseDrill, readDrills, readExpected } from '../../lib/drill'
import { sweep } from './sweep'

const FOLDER = join(__dirname, '../conformance/linux-4.14')
const files = findDrillFiles(FOLDER).filter((file) => !isConcatenation(file))

test.each(files.map((file) => [readDrills(file)[0]!, readExpected(file)!] as const))('$name', (source, expected) => {
  const { problems } = sweep(parseDrill(source), expected.get(source.name), { perCommand: 1 })
  expect(problems).toEqual([])
})
