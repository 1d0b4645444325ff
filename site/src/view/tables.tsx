// SPDX-License-Identifier: GPL-2.0-only

import { useMemo, useState } from 'preact/hooks'
import type { Moment } from '../../../lib/view/changes'
import { type PageKey, shownPage } from '../../../lib/view/pages'
import { entryAt } from '../../../lib/view/state'
import { tablesOf } from '../../../lib/view/tables'
import { treeLines } from '../../../lib/view/tree'
import { fieldsOf } from '../../../lib/view/word'
import { onArrows } from './stops'
import { Digits, Says } from './text'
import { Tree } from './tree'

/** Page tables of all processes as trees, and the word of the followed page. */
export function PageTables({ moment, followed }: { moment: Moment; followed: PageKey | undefined }) {
  return (
    <>
      {Object.keys(moment.state.processes).map((process) => (
        <ProcessTables key={process} {...{ moment, process, followed }} />
      ))}
      <EntryWord moment={moment} followed={followed} />
    </>
  )
}

interface TreeProps {
  moment: Moment
  process: string
  followed: PageKey | undefined
}

const NOTHING: ReadonlySet<string> = new Set()

function ProcessTables({ moment, process, followed }: TreeProps) {
  const [toggled, setToggled] = useState(NOTHING)
  const lines = useMemo(
    () => treeLines(tablesOf(moment, process, followed, toggled), toggled),
    [moment, process, followed, toggled],
  )
  const toggle = (key: string): void => {
    const next = new Set(toggled)
    if (!next.delete(key)) next.add(key)
    setToggled(next)
  }
  return (
    <>
      <h3>
        <b>{process}</b>
        <span class="muted">pgd</span>
      </h3>
      {lines.length === 0 ? (
        <p class="muted">No table below the pgd yet.</p>
      ) : (
        <Tree label={`Page tables of ${process}`} lines={lines} onToggle={toggle} />
      )}
    </>
  )
}

/** The entry of the followed page, split into its fields. */
function EntryWord({ moment, followed }: { moment: Moment; followed: PageKey | undefined }) {
  const entry = followed && entryAt(moment.state, followed.at, followed.index)
  if (!followed || !entry) return <p class="muted hint">Choose a page to see the bits of its entry.</p>
  return (
    <div class="word">
      <h3 class="muted">The word of {shownPage(followed)}</h3>
      <code>
        <Digits raw={entry.raw} />
      </code>
      <dl class="fields" onKeyDown={onArrows}>
        {fieldsOf(moment.replay.recording, entry).map(({ name, value, explanation, isZero }, i) => (
          <div key={name} class={isZero ? 'zero' : undefined}>
            <dd>{value}</dd>
            <dt>
              <Says text={explanation} tabIndex={i === 0 ? 0 : -1}>
                {name}
              </Says>
            </dt>
          </div>
        ))}
      </dl>
    </div>
  )
}
