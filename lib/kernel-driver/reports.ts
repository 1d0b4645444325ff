// SPDX-License-Identifier: GPL-2.0-only

/** Something that is wrong with a driver, or with what a script expects of it. */
export interface Report {
  /** Undefined if no line is to blame. */
  readonly file: string | undefined
  readonly line: number | undefined
  readonly text: string
  /** The check, as native/kapi/kapi.h names it; `expect` of a script's line. */
  readonly check: string
}

const LINE = /^(?:([^\s:][^:\n]*):(\d+)|kapi): (.*) \[([a-z-]+)\](?: \(.*\))?$/gm
const EXPECTATION = /^([^\s:][^:\n]*):(\d+): (expected .*|never ends)$/gm

/** The reports in what a program has printed. */
export function reportsIn(output: string): Report[] {
  const found = [...output.matchAll(LINE)].map(([, file, line, text = '', check = '']) => ({ file, line, text, check }))
  const expected = [...output.matchAll(EXPECTATION)].map(([, file, line, text = '']) => ({
    file,
    line,
    text,
    check: 'expect',
  }))
  return [...found, ...expected].map((report) => ({
    ...report,
    line: report.line === undefined ? undefined : Number(report.line),
  }))
}
