// SPDX-License-Identifier: GPL-2.0-only

import { excerpt, visible } from '../base/visible'

/** A place in a drill file. Lines and columns start at 1. */
export interface Position {
  /** The name of the file. */
  readonly file: string
  /** The line, from 1. */
  readonly line: number
  /** The column, from 1. */
  readonly column: number
}

/**
 * - `HMMU_DRILL_SYNTAX`: the text is not a drill.
 * - `HMMU_DRILL_RUN`: a command can't be carried out: it breaks a rule that only shows when it runs, the machine is too
 *   small for it, or it needs what the machine does not do (yet).
 * - `HMMU_DRILL_VERIFY`: the machine was out of balance after a command.
 * - `HMMU_DRILL_FILE`: a file can't be read or written, or is not what its name says.
 * - `HMMU_DRILL_VOID`: what a real kernel printed is worth nothing: it complained, lost device pages, hung, or was given a
 *   script that makes no sense.
 * - `HMMU_DRILL_LARGE`: its recording would have more items than one may have; a part of its steps can be kept.
 * - `HMMU_DRILL_KERNEL`: drills can't be run on a real kernel, because something that this needs is missing.
 */
export type DrillErrorCode =
  | 'HMMU_DRILL_SYNTAX'
  | 'HMMU_DRILL_RUN'
  | 'HMMU_DRILL_VERIFY'
  | 'HMMU_DRILL_FILE'
  | 'HMMU_DRILL_VOID'
  | 'HMMU_DRILL_LARGE'
  | 'HMMU_DRILL_KERNEL'

/** A reason quotes little. Complaints of a machine may be many. */
const MOST_REASON = 2000

/**
 * Something is wrong with a drill, and where. The message is one line without control characters. It starts with the
 * file, and with line and column where `position` has them.
 */
export class DrillError extends Error {
  /** `'DrillError'` */
  override readonly name = 'DrillError'
  /** Which kind of error it is. */
  readonly code: DrillErrorCode
  /** The name of the file. */
  readonly file: string
  /** Undefined if the file as a whole is wrong. */
  readonly position: Position | undefined
  /** The message without the place in front of it. */
  readonly reason: string

  /** @param where a place in a file, or the name of a file */
  constructor(code: DrillErrorCode, where: Position | string, reason: string, options?: ErrorOptions) {
    const shown = excerpt(reason, MOST_REASON)
    super(`${placeOf(where)}: ${shown}`, options)
    this.code = code
    this.file = typeof where === 'string' ? where : where.file
    this.position = typeof where === 'string' ? undefined : where
    this.reason = shown
  }
}

function placeOf(where: Position | string): string {
  if (typeof where === 'string') return visible(where)
  return `${visible(where.file)}:${where.line}:${where.column}`
}
