// SPDX-License-Identifier: GPL-2.0-only

import type { Migration, StageName } from '../api'
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
  /**
   * Has a migration go on to the end of a stage, `done`: to its end. Without this function the migration does it in one call. Its
   * errors have to reach the caller.
   */
  advance?(migration: Migration, pages: MigratedPages, stage: StageName): void
  /** A top-level command has ended. Its lines are in the transcript, from `firstLine` on. */
  ended?(command: Command, transcript: readonly string[], firstLine: number): void
}

/** Pages that a migration is about. */
export interface MigratedPages {
  /** The process's name; empty for pages of a device. */
  readonly process: string
  /** The region's name; empty for pages of a device. */
  readonly region: string
  /** The page of the region, or of the device, that is entry 0. */
  readonly first: number
  readonly count: number
}
