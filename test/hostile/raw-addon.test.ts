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
