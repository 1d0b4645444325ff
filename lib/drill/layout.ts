// SPDX-License-Identifier: GPL-2.0-only
//
// The addresses of regions.

export const PAGE_BYTES = 4096
const MIB = 2 ** 20
const HUGE_BYTES = 2 * MIB

/**
 * The first region is near a 1 GiB boundary, as far as possible below the next one: a range over two of these tables is
 * worked on in two parts, which a notifier sees.
 */
export const FIRST_ADDRESS = 2 ** 40

/** Most pages past the end of a region that may be named: 1 GiB. */
const NAMED_BEHIND_MAX = 2 ** 18

/** Pages 0 … `pages` - 1 of one `map` or `remap`. */
export interface Region {
  readonly name: string
  readonly address: number
  readonly pages: number
}

/**
 * A new region, where `end` is the end of the last one in this process (or of its parent, for a child that has not
 * mapped anything yet). It starts 1 MiB above a 2 MiB boundary, or on the boundary.
 */
export function placeRegion(name: string, pages: number, end: number | undefined, onBoundary = false): Region {
  const free = end === undefined ? FIRST_ADDRESS : end + HUGE_BYTES
  const boundary = Math.ceil(free / HUGE_BYTES) * HUGE_BYTES
  return { name, address: onBoundary ? boundary : boundary + MIB, pages }
}

/** The last page of a region, or past its end, that may be named: nothing is mapped there up to the next region. */
export function lastNameable(region: Region, next: Region | undefined): number {
  const most = region.pages + NAMED_BEHIND_MAX
  return (next === undefined ? most : Math.min((next.address - region.address) / PAGE_BYTES, most)) - 1
}

export function regionEnd(region: Region): number {
  return region.address + region.pages * PAGE_BYTES
}
