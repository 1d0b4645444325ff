// SPDX-License-Identifier: GPL-2.0-only
//
// The types of the matchers, of the global expect and of the one that is imported; compiled, not run.
import 'hmmu/jest'
import { expect as imported } from '@jest/globals'
import { Machine } from 'hmmu'

const machine = new Machine()
expect(machine).toBeBalanced()
imported(machine).not.toBeBalanced()
imported(machine.process().map({ pages: 1 })).toHaveEntry({ kind: 'none' }, [0])
// @ts-expect-error There is no such reason.
imported(machine).toHaveReason('because')
// @ts-expect-error There is no such reason.
expect(machine).toHaveReason('because')
