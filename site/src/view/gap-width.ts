// SPDX-License-Identifier: GPL-2.0-only
//
// How wide the column of the drill is, in pixels.

export const LEAST_WIDTH = 240
/** What the columns of the machine need. */
const MACHINE = 1150

export const mostWidth = (window: number): number => Math.max(LEAST_WIDTH, window - MACHINE)

export const fitting = (width: number, window: number): number =>
  Math.round(Math.max(LEAST_WIDTH, Math.min(mostWidth(window), width)))

/** A width that was kept; anybody can have written it. Nothing: it is none. */
export function parseWidth(text: string | null): number | undefined {
  return text !== null && /^\d{1,5}$/.test(text) ? Number(text) : undefined
}

const STEP = 16

/** The width after a key; nothing: the key changes none. */
export function widthAfter(key: string, width: number, window: number): number | undefined {
  const widths: Record<string, number> = {
    ArrowLeft: width - STEP,
    ArrowRight: width + STEP,
    Home: LEAST_WIDTH,
    End: mostWidth(window),
  }
  const next = widths[key]
  return next === undefined ? undefined : fitting(next, window)
}
