// SPDX-License-Identifier: GPL-2.0-only

import type { Profile } from './defs.generated'

/** The kernels, in the order of their release. */
export const KERNELS = ['linux-4.14', 'linux-6.12'] as const

/** A kernel that machines emulate. */
export type Kernel = (typeof KERNELS)[number]

/** The kernel that each profile emulates. */
const KERNEL_OF: Readonly<Record<Profile, Kernel>> = {
  'linux-4.14': 'linux-4.14',
  'hmm-v25': 'linux-4.14',
  'linux-4.14-fixed': 'linux-4.14',
  'linux-6.12': 'linux-6.12',
  'linux-6.12-fixed': 'linux-6.12',
}

/** The kernel that a profile emulates. */
export function kernelOf(profile: Profile): Kernel {
  return KERNEL_OF[profile]
}
