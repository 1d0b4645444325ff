// SPDX-License-Identifier: GPL-2.0-only

import type { Step } from '../record/types'
import type { Book } from './book'

const lineOf = ({ command, taskLine }: Step): number => taskLine ?? command

/**
 * The step to show after an edit of the drill: `n` if no line up to its command has changed, else the first step of the first changed
 * command. If no command before that is alike, it is another drill, and shown as such.
 */
export function stepAfterEdit(before: Book, after: Book, n: number): number {
  const [old, now] = [before, after].map(({ recording }) => recording.script.split('\n')) as [string[], string[]]
  const line = now.findIndex((text, i) => text !== old[i])
  const changed = line < 0 ? now.length : line + 1
  const { steps } = after.recording
  const step = steps.find((each) => lineOf(each) >= changed)?.n ?? n
  const isOther = !steps.some((each) => lineOf(each) > 0 && lineOf(each) < changed)
  return isOther ? after.opening : Math.min(step, n)
}
