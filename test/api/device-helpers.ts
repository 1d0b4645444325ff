// SPDX-License-Identifier: GPL-2.0-only
//
// Machines with two devices, for tests.

import type { Device, Mapping } from '../../lib'
import { makeMachine } from './helpers'

/** A machine with 64 device pages. */
export const open = (profile: 'linux-4.14' | 'linux-6.12' = 'linux-6.12') =>
  makeMachine({ profile, ramPages: 1024, devicePages: 64 })

/** Two devices, and a written buffer. */
export function two(pages: number, profile?: 'linux-4.14' | 'linux-6.12') {
  const machine = open(profile)
  const second = machine.device({ pages: 16 })
  const [first] = machine.devices as [Device]
  const a = machine.process()
  const buf = a.map({ pages })
  for (let i = 0; i < pages; i++) a.store(buf.pageAddress(i), Uint8Array.of(i + 1))
  return { machine, first, second, a, buf }
}

/** On which device each page is. */
export const places = (buf: Mapping) =>
  buf.dump().map(({ kind, pfn }) => {
    const on = buf.process.machine.devices.find(
      ({ base, pages }) => pfn !== undefined && pfn >= base && pfn < base + pages,
    )
    return kind === 'dev' ? on?.number : kind
  })

/** What the first bytes of so many pages are. */
export const content = (pages: number) => Array.from({ length: pages }, (_, i) => i + 1)
