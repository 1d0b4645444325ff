// SPDX-License-Identifier: GPL-2.0-only

import type { Command, InnerCommand } from './ast'
import type { World } from './world'

/** Looks on while a drill runs. */
export interface DrillObserver {
  /** The machine is there, nothing has run. */
  start(world: World): void
  /**
   * Carries out a part of a command, and has to return its result: true if the command has ended, false if it waits.
   * Parts of interleaved commands come within the part of their `migrate`.
   */
  part(command: Command | InnerCommand, call: () => boolean): boolean
}
