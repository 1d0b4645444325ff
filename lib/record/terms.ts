// SPDX-License-Identifier: GPL-2.0-only

import {
  counterTexts,
  entryKindTexts,
  eventTexts,
  holderTexts,
  judgeTexts,
  lruListTexts,
  pageFlagTexts,
  pagevecTexts,
  pfnFlagTexts,
  quirkTexts,
  stageTexts,
  waitTexts,
  whyTexts,
} from '../api'
import type { Terms } from './types'

const inLowerCase = (texts: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name.toLowerCase(), text]))

/** What the words of a record mean: the sentences of the documents. */
export const terms: Terms = {
  flags: inLowerCase(pageFlagTexts),
  words: inLowerCase(pfnFlagTexts),
  entries: entryKindTexts,
  whys: whyTexts,
  stages: stageTexts,
  waits: waitTexts,
  events: eventTexts,
  quirks: quirkTexts,
  counters: counterTexts,
  holders: holderTexts,
  lru: lruListTexts,
  pagevecs: pagevecTexts,
  judges: judgeTexts,
}
