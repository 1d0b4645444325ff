// SPDX-License-Identifier: GPL-2.0-only
//
// Checks the list of mutants, because `npm test` builds none of them.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

test('each mutant fits its source, and says what is wrong with it', () => {
  const script = join(__dirname, '../../scripts/mutants/test.mjs')
  const { stdout, stderr, status } = spawnSync('node', [script, '--list'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout.split('\n')).toContain(
    "native/core/call/fork.c: fork-forgets-flush: the parent's TLBs keep writable translations",
  )
})
