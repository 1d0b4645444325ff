// SPDX-License-Identifier: GPL-2.0-only

import { visible } from '../base/visible'
import type { SearchProgress } from '../index'
import { number } from '../view/words'
import { printErrorText } from './output'

const ERASE_LINE = '\r\x1b[K'
const MOST_NAME = 40

/**
 * Says on standard error how far a search is, in one line that the next one replaces; undefined if that is no terminal. A search that
 * ends within a tenth of a second says nothing.
 */
export function searchProgress(name: string): ((progress: SearchProgress) => boolean) | undefined {
  if (process.stderr.isTTY !== true || process.env.TERM === 'dumb') return undefined
  const begun = performance.now()
  return ({ states, open }) => {
    const rate = number(Math.round((states * 1000) / (performance.now() - begun)))
    const text = `${visible(name).slice(0, MOST_NAME)}: ${number(states)} states, ${number(open)} open, ${rate} states/s`
    printErrorText(`${ERASE_LINE}${text}`)
    return true
  }
}

/** Takes the line away. */
export function endProgress(): void {
  if (process.stderr.isTTY === true && process.env.TERM !== 'dumb') printErrorText(ERASE_LINE)
}
