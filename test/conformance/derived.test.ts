// SPDX-License-Identifier: GPL-2.0-only
//
// Drills whose transcripts were worked out by hand, not printed by a kernel; see derived/README.md.

import { join } from 'node:path'
import { checkFile, findDrillFiles, listDrills } from '../../lib/drill'

const files = [...listDrills(findDrillFiles(join(__dirname, 'derived')))]

test.each(files)('%s', (file, sources) => {
  const failed = checkFile(file, sources, { verify: true }).filter((result) => !result.passed)
  expect(failed.map((result) => `${result.reason}\n${result.diff ?? ''}`)).toEqual([])
  expect(sources.length).toBeGreaterThan(0)
})
