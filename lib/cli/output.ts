// SPDX-License-Identifier: GPL-2.0-only

import { writeFileSync, writeSync } from 'node:fs'
import pc from 'picocolors'
import { systemReason, waitBriefly } from '../base/system'
import { visible } from '../base/visible'
import { UsageError } from './exit-codes'

/** Colours, or functions that change nothing. */
export type Colors = ReturnType<typeof pc.createColors>

const STDOUT = 1
const STDERR = 2

/** Standard output can't be written. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
  /** Its reader has closed it, which is not worth a message. */
  readonly closed: boolean

  constructor(cause: unknown) {
    super(`standard output can't be written: ${systemReason(cause)}`, { cause })
    this.closed = (cause as NodeJS.ErrnoException).code === 'EPIPE'
  }
}

/** Colours for a stream: on a terminal, or where FORCE_COLOR asks for them; never where NO_COLOR asks for none. */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR) return pc.createColors(false)
  if (FORCE_COLOR !== undefined) return pc.createColors(FORCE_COLOR !== '0' && FORCE_COLOR !== 'false')
  return pc.createColors(stream.isTTY === true && TERM !== 'dumb')
}

/** Print a text as it is. @throws OutputError at once, so that nothing more is done for a reader that is gone */
export function print(text: string): void {
  try {
    writeAll(STDOUT, text)
  } catch (error) {
    throw new OutputError(error)
  }
}

/** Print a text to a file, or with `-` to standard output. @throws UsageError it can't be written */
export function printTo(path: string, text: string): void {
  if (path === '-') {
    print(text)
    return
  }
  try {
    writeFileSync(path, text)
  } catch (error) {
    throw new UsageError(`${path} can't be written: ${systemReason(error)}`)
  }
}

/** Print an error in a line on standard error. If that fails, there is no way to report it. */
export function printError(message: string): void {
  printErrorText(`${colorsFor(process.stderr).red('error:')} ${visible(message)}\n`)
}

/** Print a text on standard error as it is. */
export function printErrorText(text: string): void {
  try {
    writeAll(STDERR, text)
  } catch {}
}

/** The stream of the progress bar. If its terminal is gone, output is dropped. */
export function ignoreStreamErrors(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

/** Not through a stream, whose errors come later, when all the work is done. */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      waitBriefly()
    }
  }
}
