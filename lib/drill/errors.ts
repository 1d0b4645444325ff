// SPDX-License-Identifier: GPL-2.0-only

/** Where something stands in a drill file. Lines and columns start at 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * - `HMMU_DRILL_SYNTAX`: the text is not a drill.
 * - `HMMU_DRILL_RUN`: a command can't be carried out: it breaks a rule that only shows when it runs, the machine is too
 *   small for it, or it needs what the machine does not do (yet).
 * - `HMMU_DRILL_VERIFY`: the machine was out of balance after a command.
 * - `HMMU_DRILL_FILE`: a file can't be read, or is not what its name says.
 */
export type DrillErrorCode = 'HMMU_DRILL_SYNTAX' | 'HMMU_DRILL_RUN' | 'HMMU_DRILL_VERIFY' | 'HMMU_DRILL_FILE'

/** Something is wrong with a drill, and where. `reason` is the message without the position in front of it. */
export class DrillError extends Error {
  override readonly name = 'DrillError'
  readonly code: DrillErrorCode
  readonly position: Position
  readonly reason: string

  constructor(code: DrillErrorCode, position: Position, reason: string, options?: ErrorOptions) {
    super(`${position.file}:${position.line}:${position.column}: ${reason}`, options)
    this.code = code
    this.position = position
    this.reason = reason
  }
}
