// SPDX-License-Identifier: GPL-2.0-only
//
// The quick form of `npm run fuzz:model`: equal sequences in every run.

import fc from 'fast-check'
import { LINUX_4_14, LINUX_6_12, LINUX_6_12_LIMITED } from './kernels'
import { sequences } from './sequences'

test('model and machine of Linux 4.14 agree on random sequences of commands', () => {
  fc.assert(sequences(LINUX_4_14, 60), { numRuns: 100, seed: 1 })
})

test('those of Linux 6.12 do', () => {
  fc.assert(sequences(LINUX_6_12, 60), { numRuns: 100, seed: 1 })
})

test('so do those of Linux 6.12 with a limit of memory', () => {
  fc.assert(sequences(LINUX_6_12_LIMITED, 60), { numRuns: 40, seed: 1 })
})
