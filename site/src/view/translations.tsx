// SPDX-License-Identifier: GPL-2.0-only

import type { Moment } from '../../../lib/view/changes'
import { frameName } from '../../../lib/view/state'
import { type CachedTranslation, translationsOf } from '../../../lib/view/tlb'
import { plural } from '../../../lib/view/words'

/** More are counted; stale ones always have a name. */
const MOST_NAMED = 6

/** The TLB of each CPU: its translations as names of pages, stale ones with the frame that they still point at. */
export function Translations({ moment, process }: { moment: Moment; process: string }) {
  const cpus = translationsOf(moment.state, process)
  if (cpus.length === 0) return null
  return (
    <ul class="translations" aria-label={`TLB, process ${process}`}>
      {cpus.map(({ cpu, translations }) => (
        <li key={cpu}>
          TLB of CPU {cpu}: <Named moment={moment} translations={translations} />
        </li>
      ))}
    </ul>
  )
}

function Named({ moment, translations }: { moment: Moment; translations: readonly CachedTranslation[] }) {
  const fresh = translations.filter(({ stale }) => !stale)
  const stale = translations.filter((each) => each.stale)
  const named = fresh.slice(0, MOST_NAMED).map(({ page }) => page)
  const rest = fresh.length - named.length
  return (
    <>
      <span class="mono">{named.join(' ')}</span>
      {rest > 0 && ` and ${plural(rest, 'more page')}`}
      {stale.map(({ page, pfn }) => (
        <span key={page} class="stale mono">
          {' '}
          <s>
            {page} → {frameName(moment.replay.recording, pfn)}
          </s>
          , stale
        </span>
      ))}
    </>
  )
}
