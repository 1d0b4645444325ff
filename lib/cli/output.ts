// SPDX-License-Identifier: GPL-2.0-only

import pc from 'picocolors'

/** Colours, or functions that change nothing. */
export type Colors = ReturnType<typeof pc.createColors>

/** Colours for a stream: only on a terminal, and never where NO_COLOR asks for none. */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  return pc.createColors(stream.isTTY === true && !process.env.NO_COLOR)
}

/** Print a text as it is. */
export function print(text: string): void {
  process.stdout.write(text)
}

/** Print a line on standard error. */
export function printError(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** A reader like `head` may close the pipe before all is printed. That is no error; the rest is dropped. */
export function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
