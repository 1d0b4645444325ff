// SPDX-License-Identifier: GPL-2.0-only
//
// The lists of branches name code, drills and C tests that exist. `npm run coverage` measures whether the tests reach
// the code.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Branch {
  readonly stage: string
  readonly branch: string
  readonly file: string
  readonly code: string
  readonly drills: readonly string[]
  readonly test?: string
  readonly note?: string
}

const root = join(__dirname, '../..')
describe.each(['linux-4.14', 'linux-6.12'])('%s', (kernel) => {
  const branches: Branch[] = JSON.parse(readFileSync(join(__dirname, `branches-${kernel}.json`), 'utf8'))

  test.each(branches)('$stage: $branch', ({ file, code, drills, test: cTest, note }) => {
    const source = readFileSync(join(root, 'native/core', file), 'utf8')
    expect(source.split(code)).toHaveLength(2)
    for (const drill of drills) expect(existsSync(join(__dirname, kernel, `${drill}.drill`))).toBe(true)
    if (cTest === undefined) expect(note).toMatch(/\w/)
    else expect(existsSync(join(root, 'native/test', `${cTest}.c`))).toBe(true)
  })
})
