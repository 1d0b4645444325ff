// SPDX-License-Identifier: GPL-2.0-only

import { type Profile, profileValues, type QuirkName, quirkNames, quirkValues } from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { kernelOf } from '../base/kernel'
import { boolean, integer, oneOf, options } from '../base/validate'
import { getAddon } from '../native/addon'
import type { NativeMachine } from '../native/interface'

/** Options of a machine. */
export interface MachineOptions {
  /** Frames of RAM, 64 … 2^28; 65536 (256 MiB) by default. Memory of the host is used as the machine uses its own. */
  readonly ramPages?: number | undefined
  /** Device-private pages, 0 … 2^28; 1024 by default. */
  readonly devicePages?: number | undefined
  /**
   * Device-coherent pages, 0 … 2^28, which CPUs map as they map RAM; 0, the default: none. With any, the machine begins with a
   * second device, which has them. Linux 6.12.
   */
  readonly coherentPages?: number | undefined
  /** CPUs, 1 … 64; 1 by default. */
  readonly cpus?: number | undefined
  /** Which kernel it behaves like; `'linux-4.14'` by default. */
  readonly profile?: Profile | undefined
  /** Quirks to be switched on or off, against the profile. Its kernel must know those that are switched on. */
  readonly quirks?: Partial<Record<QuirkName, boolean>> | undefined
  /** Pages that the memory cgroup may be charged with; 0, the default: no limit. */
  readonly memcgLimit?: number | undefined
  /** Slots of the swap area, a page each, 0 … 2^28; 0, the default: no swap. {@link Process.reclaim} fills them. */
  readonly swapPages?: number | undefined
  /**
   * Huge pages of 2 MiB in the hugetlb pool, 0 … 2^19; 4 by default, as the reference machines have. Mappings of the
   * kind `hugetlb` have theirs from there, and nothing else has. The pool comes on top of `ramPages`, and costs the
   * host nothing until it is used.
   */
  readonly hugetlbPages?: number | undefined
  /**
   * Whether pages have contents; true by default. Without, a page keeps its first 8 bytes alone: others read as zero,
   * and are lost when written. So a machine may have more memory than the host, and migrations do not pay for copies.
   */
  readonly contents?: boolean | undefined
}

const OPTION_NAMES = [
  'ramPages',
  'devicePages',
  'coherentPages',
  'cpus',
  'profile',
  'quirks',
  'memcgLimit',
  'swapPages',
  'hugetlbPages',
  'contents',
] as const

/** HMMU_HUGETLB_NONE: to the core 0 is the default. */
const HUGETLB_NONE = 2 ** 32 - 1

/** A native machine of options, as they are documented. */
export function createMachine(machineOptions: MachineOptions | undefined): NativeMachine {
  const given = options('options', machineOptions, OPTION_NAMES)
  // Defaults stand in for undefined only: null is no number of pages.
  const {
    ramPages = 65536,
    devicePages = 1024,
    coherentPages = 0,
    cpus = 1,
    profile = 'linux-4.14',
    memcgLimit = 0,
    swapPages = 0,
    hugetlbPages = 4,
    contents = true,
  } = given
  const [on, off] = quirkMasks(given.quirks)
  const profileValue = oneOf('profile', profile, profileValues)
  checkCoherent(integer('coherentPages', coherentPages, 0, 2 ** 28), profile)
  return new (getAddon().Machine)(
    integer('ramPages', ramPages, 64, 2 ** 28),
    integer('devicePages', devicePages, 0, 2 ** 28),
    integer('cpus', cpus, 1, 64),
    profileValue,
    on,
    off,
    integer('memcgLimit', memcgLimit, 0, Number.MAX_SAFE_INTEGER),
    integer('swapPages', swapPages, 0, 2 ** 28),
    !boolean('contents', contents),
    integer('hugetlbPages', hugetlbPages, 0, 2 ** 19) || HUGETLB_NONE,
    coherentPages,
  )
}

function checkCoherent(pages: number, profile: Profile): void {
  if (pages > 0 && kernelOf(profile) === 'linux-4.14')
    throw new HmmuError(
      'HMMU_INVALID_ARGUMENT',
      `coherentPages is for machines of Linux 6.12, such as profile 'linux-6.12'; '${profile}' is of Linux 4.14`,
    )
}

function quirkMasks(quirks: MachineOptions['quirks']): [on: number, off: number] {
  let on = 0
  let off = 0
  for (const [name, value] of Object.entries(options('quirks', quirks, quirkNames))) {
    if (value === undefined) continue
    const bit = oneOf('quirk', name, quirkValues)
    if (boolean(`quirk ${name}`, value)) on |= bit
    else off |= bit
  }
  return [on, off]
}
