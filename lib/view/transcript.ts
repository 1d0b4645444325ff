// SPDX-License-Identifier: GPL-2.0-only
//
// The transcript, with the comments of the drill as notes.

import type { Recording } from '../record/types'

export interface Line {
  readonly text: string
  readonly depth: number
  /** The step that a click goes to. */
  readonly step: number
  /** A comment of the script before it. */
  readonly note?: string | undefined
}

export function linesOf(recording: Recording): Line[] {
  const { transcript, steps } = recording
  const exact = new Map<number, number>()
  for (const { line, n } of steps) if (line !== undefined && !exact.has(line)) exact.set(line, n)
  const notes = notesOf(recording)
  let step = 0
  return transcript.map((text, i) => {
    step = exact.get(i) ?? step
    const depth = Math.floor(/^ */.exec(text)![0].length / 2)
    return { text: text.trim(), depth, step, note: notes.get(i) }
  })
}

/** Comments by the line of the transcript that they stand before. */
function notesOf({ script, steps }: Recording): Map<number, string> {
  const lines = new Map<number, number>()
  for (const { task, taskLine, command, line } of steps) {
    const source = task === undefined ? command : (taskLine ?? 0)
    if (source && line !== undefined && !lines.has(source)) lines.set(source, line)
  }
  const notes = new Map<number, string>()
  let pending: string[] = []
  for (const [i, text] of script.split('\n').entries()) {
    if (/^\s*#/.test(text)) {
      pending.push(text.replace(/^\s*#\s?/, ''))
      continue
    }
    const line = lines.get(i + 1)
    if (text.trim() && line !== undefined && pending.length > 0) notes.set(line, pending.join(' '))
    pending = []
  }
  return notes
}
