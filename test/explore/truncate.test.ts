// SPDX-License-Identifier: GPL-2.0-only
//
// Files that get shorter and longer while their pages migrate, in all orders. Linux 6.12.

import { addonInfo, switchPointNames } from '../../lib'
import { DEFAULT_POINTS, exploreDrill } from '../../lib/explore'

const POINTS = addonInfo.backend === 'wasm' ? DEFAULT_POINTS : switchPointNames

function explore(text: string) {
  return exploreDrill(
    { name: 'test', file: 'test.drill', firstLine: 1, text },
    { profile: 'linux-6.12', points: POINTS },
  )
}

test.each([
  [
    'private copies go to the device',
    `A map own file 3
A write own 0x41
task mover
  A migrate own[1-2] to dev
task cutter
  A truncate own 1
  A truncate own 3
  A read own[2]
task reader
  A read own[1]
  A write own[2] 0x43`,
  ],
  [
    'shared pages are locked for a while; two processes truncate',
    `A map buf sharedfile 3
A write buf 0x41
fork A B
task mover
  A migrate buf to dev
task cutter
  A truncate buf 1
  A read buf[1]
task other proc=B
  B truncate buf 2
  B read buf[1]`,
  ],
  [
    'a pinned page leaves the file while reclaim has isolated it, and not locked it',
    `swap 8
A map buf shmem 3
A write buf 0x41
A pin buf[0] as pin
task reclaimer
  A reclaim buf[0-2]
task cutter
  A truncate buf 0
  A truncate buf 2
task reader
  A read buf[1]
  A clear
  A read buf[0]`,
  ],
])('%s', (_name, text) => {
  const { findings, cutOff, states } = explore(text)
  expect(findings).toEqual([])
  expect(cutOff).toBeUndefined()
  expect(states).toBeGreaterThan(100)
})
