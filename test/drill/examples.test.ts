// SPDX-License-Identifier: GPL-2.0-only

import { join } from 'node:path'
import { checkFile, findDrillFiles, listDrills } from '../../lib/drill'

const FOLDER = join(__dirname, '../../examples')

test.each([...listDrills(findDrillFiles(FOLDER))])('%s prints what stands beside it', (file, sources) => {
  for (const result of checkFile(file, sources, { verify: true })) {
    expect(`${result.reason ?? ''}\n${result.diff ?? ''}`).toBe('\n')
  }
})
