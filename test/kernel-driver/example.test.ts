// SPDX-License-Identifier: GPL-2.0-only
//
// The example that users copy, as a project that has installed the package: its own Jest builds the driver and drives it.

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { addonInfo } from '../../lib'

const ROOT = join(__dirname, '../..')
const FOLDER = join(ROOT, 'build-tinymem')
const runs = process.platform === 'linux' && addonInfo.backend === 'native'

;(runs ? test : test.skip)(
  'the driver of the examples and its tests',
  () => {
    rmSync(FOLDER, { recursive: true, force: true })
    cpSync(join(ROOT, 'examples/kernel-drivers/tinymem'), FOLDER, { recursive: true })
    mkdirSync(join(FOLDER, 'node_modules/.bin'), { recursive: true })
    symlinkSync(ROOT, join(FOLDER, 'node_modules/hmmu'))
    symlinkSync('../hmmu/dist/cli/main.js', join(FOLDER, 'node_modules/.bin/hmmu'))
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js')
    const { status, stderr } = spawnSync(process.execPath, [jest, '--runInBand'], { cwd: FOLDER, encoding: 'utf8' })
    expect(stderr).toMatch(/Tests: +13 passed, 13 total/)
    expect(status).toBe(0)
  },
  300_000,
)
