// SPDX-License-Identifier: GPL-2.0-only
//
// Where in the user's code something was done, for messages.

/** What V8 and others have of Error; elsewhere no place is known. */
interface StackCapture {
  captureStackTrace?(target: { stack?: string }): void
}

/** Keeps the call stack. Its text is made only when a place is asked for. */
export interface Stack {
  readonly stack?: string
}

/** The stack of the call under way, undefined where the host does not tell. */
export function captureStack(): Stack | undefined {
  const capture = (Error as StackCapture).captureStackTrace
  if (capture === undefined) return undefined
  const target: Stack = {}
  capture.call(Error, target)
  return target
}

const LOCATION = /((?:file:\/\/|https?:\/\/|node:|\/|[A-Za-z]:\\)[^()]*?):(\d+):\d+\)?$/

/** The file and the line of a line of a stack. */
function locationOf(line: string): { file: string; line: string } | undefined {
  const [, file, number] = LOCATION.exec(line) ?? []
  return file === undefined || number === undefined ? undefined : { file: file.replace(/^file:\/\//, ''), line: number }
}

/** Files of the library. Some tools give a stack the names of sources, others those of compiled files, and some both. */
const OURS = /[\\/](?:dist|lib)[\\/](?:api|base|drill|jest|trace|cli)[\\/][\w-]+\.[jt]s$|^node:/

/** `test.ts:12`: the innermost place that is not in the library or in Node; undefined if none is known. */
export function placeOf(stack: Stack | undefined): string | undefined {
  const outside = (stack?.stack ?? '')
    .split('\n')
    .map(locationOf)
    .find((location) => location !== undefined && !OURS.test(location.file))
  return outside && `${outside.file.replace(/^.*[\\/]/, '')}:${outside.line}`
}
