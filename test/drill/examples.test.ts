// SPDX-License-Identifier: GPL-2.0-only

import { join } from 'node:path'
import { checkFile, findDrillFiles, listDrills } from '../../lib/drill'

const FOLDER = join(__dirname, '../../examples')

test.each([...listDrills(findDrillFiles(FOLDER))])('%s prints what stands beside it', (file, sources) => {
  for (const result of checkFile(file, sources, { verify: true })) {
    expect(`${result.reason ?? ''}\n${result.diff ?? ''}`).toBe('\n')
  }
})

test('why.ts tells why', () => {
  const lines: string[] = []
  const log = jest.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line))
  try {
    require('../../examples/why')
  } finally {
    log.mockRestore()
  }
  expect(lines).toEqual([
    'page 0: moved',
    'page 1: pinned',
    'page 2: page_locked',
    'page 3: moved',
    'page 4: moved',
    'page 5: no_page',
  ])
})
