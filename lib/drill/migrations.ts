// SPDX-License-Identifier: GPL-2.0-only

import type { Migration } from './ast'
import { evict } from './evict'
import type { Hooks, Outcome } from './interleaving'
import { migrate } from './migrate'
import type { World } from './world'

/** Carry out a command in which others may run. */
export function carryOut(world: World, command: Migration, hooks: Hooks): Outcome {
  return command.verb === 'migrate' ? migrate(world, command, hooks) : evict(world, command, hooks)
}
