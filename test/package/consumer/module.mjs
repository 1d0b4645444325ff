// SPDX-License-Identifier: GPL-2.0-only
import { createRequire } from 'node:module'
import * as hmmu from 'hmmu'
import { matchers } from 'hmmu/jest'
import { roundTrip } from './round-trip.cjs'

// Whoever imports and whoever requires get the same classes.
const required = createRequire(import.meta.url)('hmmu')
if (required.Machine !== hmmu.Machine) throw new Error('there are two classes Machine')
if (typeof matchers.toBeBalanced !== 'function') throw new Error('hmmu/jest has no matchers')
console.log(JSON.stringify(roundTrip(hmmu)))
