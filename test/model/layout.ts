// SPDX-License-Identifier: GPL-2.0-only
//
// Where the regions of a process are placed.

const HUGE = 512
/** Pages of user space. */
const TASK_PAGES = 2 ** 35 - 1

export interface Layout {
  readonly name: string
  /** The page number at which the search for the first region starts. */
  readonly first: number
  /** The start of a region of `pages`, and the page number at which the search for the next region starts. */
  place(at: number, pages: number, aligned: boolean): { readonly start: number; readonly next: number }
}

/** As drills have it: each region has a table of its own, and starts in the middle of it unless it is aligned. */
export const SPACIOUS: Layout = {
  name: 'a table for each region',
  first: 2 ** 28,
  place(at, pages, aligned) {
    const boundary = Math.ceil(at / HUGE) * HUGE
    const start = aligned ? boundary : boundary + HUGE / 2
    return { start, next: start + pages + HUGE }
  },
}

/** One free page between regions, so that neighbours share tables. */
function upFrom(first: number): Layout {
  return {
    name: `upward from page ${first}`,
    first,
    place(at, pages, aligned) {
      const start = aligned ? Math.ceil(at / HUGE) * HUGE : at
      return { start, next: start + pages + 1 }
    },
  }
}

/** The highest region ends before page `first`. */
function downFrom(first: number): Layout {
  return {
    name: `downward from page ${first}`,
    first,
    place(at, pages, aligned) {
      const start = aligned ? Math.floor((at - pages) / HUGE) * HUGE : at - pages
      return { start, next: start - 1 }
    },
  }
}

const BORDERS = [2 ** 9, 2 ** 18, 2 ** 27]

/** Regions next to the borders of the tables of each level, and at both ends of user space. */
export const TIGHT: readonly Layout[] = [
  upFrom(1),
  upFrom(16),
  ...BORDERS.map((border) => upFrom(border - 10)),
  // The last page of user space is left free: tests look at the page after a region, too.
  downFrom(TASK_PAGES - 1),
]
