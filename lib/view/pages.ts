// SPDX-License-Identifier: GPL-2.0-only
//
// Pages by name: A/buf[3] in links, A buf[3] on the page.

export interface PageKey {
  /** Process and region, as A/buf. */
  readonly at: string
  readonly index: number
}

export const keyOf = (at: string, index: number): string => `${at}[${index}]`

export function parseKey(text: string | null | undefined): PageKey | undefined {
  const match = /^([^/[\]\s]+\/[^/[\]\s]+)\[(\d{1,9})\]$/.exec(text ?? '')
  return match ? { at: match[1]!, index: Number(match[2]) } : undefined
}

export const shown = (at: string): string => at.replace('/', ' ')

export const regionOf = (at: string): string => at.slice(at.indexOf('/') + 1)

export const processOf = (at: string): string => at.slice(0, at.indexOf('/'))

export const shownPage = ({ at, index }: PageKey): string => keyOf(shown(at), index)
