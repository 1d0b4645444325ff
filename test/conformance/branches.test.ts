// SPDX-License-Identifier: GPL-2.0-only
//
// The list of branches names code, drills and C tests that exist. `npm run coverage` measures whether the tests reach
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
const branches: Branch[] = JSON.parse(readFileSync(join(__dirname, 'branches.json'), 'utf8'))

test.each(branches)('$stage: $branch', ({ file, code, drills, test: cTest, note }) => {
  const source = readFileSync(join(root, 'native/core', file), 'utf8')
  expect(source.split(code)).toHaveLength(2)
  for (const drill of drills) expect(existsSync(join(__dirname, 'linux-4.14', `${drill}.drill`))).toBe(true)
  if (cTest === undefined) expect(note).toMatch(/\w/)
  else expect(existsSync(join(root, 'native/test', `${cTest}.c`))).toBe(true)
})
