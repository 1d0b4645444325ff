// SPDX-License-Identifier: GPL-2.0-only
//
// Tasks that wait for memory of the memory cgroup, in all orders. Linux 6.12.

import { addonInfo, switchPointNames } from '../../lib'
import { DEFAULT_POINTS, exploreDrill } from '../../lib/explore'

const POINTS = addonInfo.backend === 'wasm' ? DEFAULT_POINTS : switchPointNames

function explore(tasks: string) {
  const text = `memcg 2\nA map buf anon 4\nA write buf[0-1] 0x41\n${tasks}`
  return exploreDrill(
    { name: 'test', file: 'test.drill', firstLine: 1, text },
    { profile: 'linux-6.12', points: POINTS },
  )
}

test('a store waits until another task gives a page up', () => {
  const { findings, cutOff, outcomes } = explore(`task T
  A write buf[2] 0x42
task U
  A advise buf[0] dontneed
  A read buf[1]`)
  expect(cutOff).toBeUndefined()
  expect(findings).toEqual([])
  expect(outcomes).toHaveLength(1)
})

test('nobody gives a page up', () => {
  const { findings } = explore(`task T
  A write buf[2] 0x42
task U
  A read buf[0]`)
  expect(findings.map(({ judge }) => judge)).toEqual(['deadlock'])
})

test('pages of MADV_FREE are reclaimed, also amid a migration', () => {
  const { findings, cutOff } = explore(`task T
  A write buf[2] 0x42
task U
  A advise buf[0] free
  A migrate buf[1] to dev`)
  expect(cutOff).toBeUndefined()
  expect(findings.map(({ judge }) => judge)).toEqual(['deadlock'])
})
