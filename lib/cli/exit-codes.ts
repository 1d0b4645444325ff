// SPDX-License-Identifier: GPL-2.0-only

/** The exit codes of the command. If several apply, the largest one. */
export const ExitCode = {
  OK: 0,
  /** Something that was checked is wrong, or could not be done. */
  FAILED: 1,
  /** The command line makes no sense: an unknown command or option, a file that is not there or can't be read. */
  USAGE: 2,
  /** A search has not tried all it could. */
  CUT_OFF: 3,
} as const

/** The arguments are wrong: the message is printed, and the exit code is USAGE. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
