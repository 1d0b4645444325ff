// SPDX-License-Identifier: GPL-2.0-only

import type { Recording } from '../record/types'

/** The first step of the first command that two recordings of a drill do not have in common. */
export function changedStep(before: Recording, after: Recording): number | undefined {
  const [old, now] = [before.script.split('\n'), after.script.split('\n')]
  const line = now.findIndex((text, i) => text !== old[i])
  const changed = line < 0 ? now.length : line + 1
  return after.steps.find(({ command, taskLine }) => (taskLine ?? command) >= changed)?.n
}
