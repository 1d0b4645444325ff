// SPDX-License-Identifier: GPL-2.0-only

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { addonInfo } from '../../lib'

const script = join(__dirname, 'raw-addon.js')

test('the native addon itself survives garbage', () => {
  // In WebAssembly nothing can crash the process.
  if (addonInfo.backend === 'wasm') return
  const args = [script, addonInfo.path, '1', '6000']
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect({ status, signal, stdout, stderr }).toEqual({ status: 0, signal: null, stdout: '6000 calls\n', stderr: '' })
})

test('arrays are long enough for the pages that a range touches, aligned or not', () => {
  if (addonInfo.backend === 'wasm') return
  const { Machine, Words } = require(addonInfo.path)
  const machine = new Machine(1024, 16, 1, 0, 0, 0, 0, 0, false)
  const task = machine.processTask(machine.processCreate())
  const address = machine.map(task, 0, 2, 0, 3, false)
  const words = new Words(1)
  // Less than two pages of bytes, rounded down to two pages.
  expect(machine.migrateBegin(task, address + 4095, address + 8192, 0, 0, 0, words, 0)).toBeLessThan(0)
  expect(machine.error()[6]).toBe('the arrays of the migration are too short')
  expect(machine.migrateBegin(task, address + 1, address + 8191, 0, 0, 0, words, 0)).toBeGreaterThan(0)
  expect(machine.dispose()).toBe(0)
})
