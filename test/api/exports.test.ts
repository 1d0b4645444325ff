// SPDX-License-Identifier: GPL-2.0-only

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import * as hmmu from '../../lib'
import * as jestMatchers from '../../lib/jest'
import { plainCallNames } from '../../lib/native/calls.generated'
import { addon } from '../../lib/native/load'

const root = join(__dirname, '../..')

test.each([
  ['lib/index.mts', hmmu],
  ['lib/jest/index.mts', jestMatchers],
])('importers of ES modules get the same names: %s', (file, exported) => {
  const text = readFileSync(join(root, file), 'utf8')
  const values = /export \{([^}]*)\} from/.exec(text)![1]!
  const names = values.split(',').map((name) => name.trim())
  expect(names.filter((name) => name !== '').sort()).toEqual(Object.keys(exported).sort())
})

test('the loaded implementation has each call of the list, for a machine that is gone, too', () => {
  const native = new addon.Machine(64, 0, 1, 0, 0, 0, 0, 0, false, 0, 0)
  native.dispose()
  const results = plainCallNames.map((name) => (native[name] as () => number)())
  expect(plainCallNames.length).toBeGreaterThan(40)
  expect(new Set(results)).toEqual(new Set([-constants.errno.EBADF]))
})

test('the constants and the list of calls are those of the C headers', () => {
  execFileSync(process.execPath, [join(root, 'scripts/generate/defs.mjs'), '--check'])
})

test('it is known which addon was loaded', () => {
  expect(existsSync(hmmu.addonInfo.path)).toBe(true)
  expect(hmmu.addonInfo.version).toMatch(/^\d+\.\d+\.\d+$/)
  expect(hmmu.addonInfo.napiVersion).toBe(hmmu.addonInfo.backend === 'native' ? 9 : undefined)
})

test('an addon that is not there is an error with a code', () => {
  const run = `
    Object.assign(process.env, { HMMU_BACKEND: 'native', HMMU_BINDING: '/nowhere/hmmu.node' })
    try { require(${JSON.stringify(join(root, 'dist'))}) } catch (error) { console.log(error.code, error.message) }`
  const output = execFileSync(process.execPath, ['-e', run], { encoding: 'utf8' })
  expect(output).toMatch(/^HMMU_NO_ADDON .*\/nowhere\/hmmu\.node: no such file/s)
})

test('every code, reason, event and counter is explained', () => {
  for (const texts of [hmmu.errorCodeTexts, hmmu.whyTexts, hmmu.eventTexts, hmmu.counterTexts, hmmu.quirkTexts]) {
    for (const [name, text] of Object.entries(texts)) expect([name, text.length > 5]).toEqual([name, true])
  }
})
