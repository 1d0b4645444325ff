// SPDX-License-Identifier: GPL-2.0-only
//
// The drills of this folder: what exploring them finds, in the kernels that have the fault and in those that have it not.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { addonInfo, profileNames, switchPointNames } from '../../lib'
import { readDrills } from '../../lib/drill'
import { DEFAULT_POINTS, exploreDrill } from '../../lib/explore'

const files = readdirSync(__dirname).filter((file) => file.endsWith('.drill'))
const drillOf = (file: string) => readDrills(join(__dirname, file))[0]!
const others = files.filter((file) => file !== 'faulters-livelock.drill')

/** In WebAssembly calls can't stop on stacks of their own. */
const pointsHere = addonInfo.backend === 'wasm' ? [DEFAULT_POINTS] : [DEFAULT_POINTS, switchPointNames]
const cases = profileNames.flatMap((profile) => pointsHere.map((points) => [profile, points] as const))

describe.each(others)('%s', (file) => {
  test.each(cases)('%s, %j', (profile, points) => {
    const { unmet, cutOff } = exploreDrill(drillOf(file), { profile, points })
    expect(unmet).toEqual([])
    expect(cutOff).toBeUndefined()
  })
})

// What ended it came after 6.12; the quirk is one of 6.12 because there the fault can be compared with the one that was mended.
test.each(['linux-6.12', 'linux-6.12-fixed'] as const)('faulters-livelock.drill: %s', (profile) => {
  const { unmet, findings } = exploreDrill(drillOf('faulters-livelock.drill'), { profile, handlerRetries: true })
  expect(unmet).toEqual([])
  expect(findings.map(({ judge }) => judge)).toEqual(profile === 'linux-6.12' ? ['livelock'] : [])
})

test('a drill finds in one profile what it does not find in another', () => {
  const judges = (file: string, profile: 'linux-4.14' | 'linux-4.14-fixed') =>
    exploreDrill(drillOf(file), { profile }).findings.length > 0
  const found = others.filter((file) => judges(file, 'linux-4.14'))
  expect(found).toEqual([
    'child-frees-shared-page.drill',
    'dirty-bit-lost.drill',
    'fault-without-reference.drill',
    'fork-of-device-page.drill',
    'huge-page-leak.drill',
    'reaped-space.drill',
    'soft-dirty-lost.drill',
  ])
  expect(found.filter((file) => judges(file, 'linux-4.14-fixed'))).toEqual([])
})
