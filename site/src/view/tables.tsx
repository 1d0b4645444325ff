// SPDX-License-Identifier: GPL-2.0-only

import { useMemo } from 'preact/hooks'
import type { Moment } from '../../../lib/view/changes'
import { keyOf, type PageKey, regionOf, shownPage } from '../../../lib/view/pages'
import { entryAt } from '../../../lib/view/state'
import { type Leaf, type TableNode, tablesOf } from '../../../lib/view/tables'
import { digitsOf, fieldsOf } from '../../../lib/view/word'
import { rangeOf } from '../../../lib/view/words'
import { onChoice, useActions } from './actions'
import { Glyph } from './glyphs'

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

function ProcessTables({
  moment,
  process,
  followed,
}: {
  moment: Moment
  process: string
  followed: PageKey | undefined
}) {
  const tables = useMemo(() => tablesOf(moment, process, followed), [moment, process, followed])
  return (
    <>
      <h3>
        <b>{process}</b>
        <span class="muted">pgd</span>
      </h3>
      {tables.length === 0 ? (
        <p class="muted">No table below the pgd yet.</p>
      ) : (
        <div class="tree" role="tree" aria-label={`Page tables of ${process}`}>
          {tables.map((node) => (
            <Node key={node.pfn} node={node} level={1} />
          ))}
        </div>
      )}
    </>
  )
}

const SLOTS = 512

function Node({ node, level }: { node: TableNode; level: number }) {
  const { table, pfn, tables, leaves, counts, folded } = node
  return (
    <div role="treeitem" aria-level={level} aria-expanded="true" aria-selected="false" tabIndex={-1}>
      <span class="node">
        <b>{table.level}</b> #{pfn} {table.used === SLOTS ? 'full' : `${table.used} of ${SLOTS} used`}
      </span>
      {/* biome-ignore lint/a11y/useSemanticElements: a group of a tree is no fieldset */}
      <div class="tree" role="group">
        {tables.map((below) => (
          <Node key={below.pfn} node={below} level={level + 1} />
        ))}
        {counts && <Counts counts={counts} level={level + 1} />}
        {leaves.map((leaf) => (
          <LeafLine key={`${leaf.page?.at} ${leaf.slot}`} leaf={leaf} level={level + 1} />
        ))}
        {folded > 0 && (
          <div class="node" role="treeitem" aria-level={level + 1} aria-selected="false" tabIndex={-1}>
            and {folded} more tables of ptes, folded
          </div>
        )}
      </div>
    </div>
  )
}

function Counts({ counts, level }: { counts: readonly (readonly [string, number])[]; level: number }) {
  return (
    <div class="node counts" role="treeitem" aria-level={level} aria-selected="false" tabIndex={-1}>
      {counts.map(([kind, count]) => (
        <span class="chip" key={kind}>
          <Glyph kind={kind} />
          {count} {kind}
        </span>
      ))}
    </div>
  )
}

function LeafLine({ leaf, level }: { leaf: Leaf; level: number }) {
  const { follow, hover } = useActions()
  const { page, slot, count, kind, raw, changed, followed } = leaf
  return (
    <div
      class={followed ? 'leaf followed' : 'leaf'}
      role="treeitem"
      aria-level={level}
      aria-selected={followed}
      tabIndex={followed ? 0 : -1}
      data-leaf={page && keyOf(page.at, page.index)}
      {...onChoice(() => page && follow(followed ? undefined : page))}
      onPointerEnter={() => hover(page)}
      onPointerLeave={() => hover(undefined)}
    >
      <span class="slot">{rangeOf({ first: slot, count })}</span>
      <Glyph kind={kind} />
      <span class={changed ? 'changed' : undefined}>
        <Digits raw={raw} />
      </span>
      <span class="of">{page ? `${regionOf(page.at)}${count > 1 ? '' : `[${page.index}]`}` : 'huge pmd'}</span>
    </div>
  )
}

function Digits({ raw }: { raw: bigint | undefined }) {
  if (!raw) return <span class="off">0</span>
  const { zeros, rest } = digitsOf(raw)
  return (
    <>
      <span class="off">{zeros}</span>
      {rest}
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
      <dl class="fields">
        {fieldsOf(moment.replay.recording, entry).map(({ name, value, explanation, isZero }) => (
          <div key={name} class={isZero ? 'zero' : undefined} title={explanation}>
            <dd>{value}</dd>
            <dt>{name}</dt>
          </div>
        ))}
      </dl>
    </div>
  )
}
