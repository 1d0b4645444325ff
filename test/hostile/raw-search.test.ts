// SPDX-License-Identifier: GPL-2.0-only
//
// Programs for the search, orders and copied migrations that break the rules of the native addon. Each case runs in a process of its
// own: a crash is one of that process.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { addonInfo } from '../../lib'

const script = join(__dirname, 'raw-search.js')

const cases = [
  'arrays are taken away meanwhile',
  'words are changed meanwhile',
  'a search begins within a search',
  'tasks share their actions',
  'processes are one process',
  'a process is forked twice',
  'options are no numbers',
  'a migration is adopted that is no copy',
  'a migration begins amid an order',
  'a process ends amid an order',
  'a search begins amid an order',
  'the host has no memory for a second machine',
  'words are garbage',
]

test.each(cases)('%s', (name) => {
  // In WebAssembly nothing can crash the process.
  if (addonInfo.backend === 'wasm') return
  const args = ['--expose-gc', script, addonInfo.path, name]
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: 'whole\n', stderr: '' })
})
