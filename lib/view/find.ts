// SPDX-License-Identifier: GPL-2.0-only
//
// Places as they are typed: "11" a step, "#6" or "D0" a frame, "buf[3]", "A buf[3]" or "A/buf[3]" a page.

import type { Book } from './book'
import { type PageKey, regionOf } from './pages'
import { pagesOf } from './rmap'
import { entryAt } from './state'

/** A step, or a page to follow. */
export type FoundPlace =
  | { readonly step: number; readonly page?: undefined }
  | { readonly page: PageKey; readonly step?: undefined }

/** What a text names at a step; of a frame the page that it belongs to. Nothing if it is not there. */
export function findPlace(book: Book, n: number, text: string): FoundPlace | undefined {
  const wanted = text.trim()
  if (/^\d{1,9}$/.test(wanted)) return Number(wanted) <= book.last ? { step: Number(wanted) } : undefined
  const page = pageOfFrame(book, n, wanted) ?? pageByName(book, n, wanted)
  return page && { page }
}

function pageOfFrame({ recording, replay }: Book, n: number, text: string): PageKey | undefined {
  const [, kind, digits] = /^([#D])(\d{1,9})$/.exec(text) ?? []
  if (digits === undefined) return undefined
  return pagesOf(replay.at(n), Number(digits) + (kind === 'D' ? recording.machine.deviceBase : 0))[0]
}

function pageByName({ replay }: Book, n: number, text: string): PageKey | undefined {
  const [, place, index] = /^([^[\]]{1,200})\[(\d{1,9})\]$/.exec(text) ?? []
  if (place === undefined) return undefined
  const state = replay.at(n)
  const name = place.trim().replace(/\s+|\//, '/')
  const at = [...state.entries.keys()].find((each) => each === name || regionOf(each) === name)
  const page = at !== undefined && entryAt(state, at, Number(index)) ? { at, index: Number(index) } : undefined
  return page
}
