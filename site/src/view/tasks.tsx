// SPDX-License-Identifier: GPL-2.0-only

import type { Moment } from '../../../lib/view/changes'
import { mmapLockText, taskLines } from '../../../lib/view/tasks'
import { Text } from './text'

/** Tasks that migrate or wait, and locks; idle tasks are left out. */
export function Tasks({ moment, process }: { moment: Moment; process: string }) {
  const lines = taskLines(moment, process)
  const lock = mmapLockText(moment, process)
  return (
    <>
      {lines.length > 0 && (
        <ul class="tasks" aria-label={`Tasks of ${process}`}>
          {lines.map(({ task, text, waits }) => (
            <li key={task}>
              <span class="task">{task}</span>
              <span class={waits ? 'waiting' : undefined}>
                <Text rich={text} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {lock && (
        <p class="lock">
          {lock.held}
          <span class="why">{lock.waiting}</span>
        </p>
      )}
    </>
  )
}
