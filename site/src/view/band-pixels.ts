// SPDX-License-Identifier: GPL-2.0-only

import { lookUp } from '../../../lib/base/look-up'
import type { BandPicture } from '../../../lib/view/band'
import type { Layout } from './score-layout'

const TOKENS: Record<string, string> = {
  sys: '--ram',
  huge: '--ram',
  excl: '--ram',
  dev: '--device',
  mig: '--mig',
  zero: '--zero',
  hzero: '--zero',
  swap: '--swap',
}

/** Draws a picture as wide as the columns that are shown. Where a pixel covers several steps, the rarest kind wins. */
export function draw(canvas: HTMLCanvasElement, picture: BandPicture, layout: Layout): void {
  const width = Math.max(1, Math.round(layout.right - layout.left))
  canvas.width = width
  const context = canvas.getContext('2d')
  if (!context) return
  const image = context.createImageData(width, picture.lines)
  const pixels = new Uint32Array(image.data.buffer)
  const colours = coloursOf(picture.kinds)
  const rarity = raritiesOf(picture)
  const steps = stepsOfPixels(layout, width)
  const { cells } = picture
  for (let line = 0; line < picture.lines; line++) {
    const row = line * picture.steps
    for (let x = 0; x < width; x++) {
      let best = 0
      for (let step = steps[2 * x]!; step <= steps[2 * x + 1]!; step++) {
        const cell = cells[row + step]!
        if (rarity[cell]! < rarity[best]!) best = cell
      }
      pixels[line * width + x] = colours[best]!
    }
  }
  context.putImageData(image, 0, 0)
}

/** The first and last step of each pixel; none: the last is before the first. */
function stepsOfPixels({ edges, ofStep, left }: Layout, width: number): Int32Array {
  const out = new Int32Array(2 * width)
  for (let x = 0; x < width; x++) [out[2 * x], out[2 * x + 1]] = [0, -1]
  for (const [step, column] of ofStep.entries()) {
    const from = Math.max(0, Math.round(edges[column]! - left))
    const to = Math.min(width - 1, Math.max(from, Math.round(edges[column + 1]! - left) - 1))
    if (edges[column + 1]! < left) continue
    for (let x = from; x <= to; x++) {
      if (out[2 * x + 1]! < out[2 * x]!) out[2 * x] = step
      out[2 * x + 1] = step
    }
  }
  return out
}

/** The rank of each cell by how often it is in the picture: the rarest first, nothing last. */
function raritiesOf({ cells, kinds }: BandPicture): Float64Array {
  const counts = new Float64Array(kinds.length + 1)
  for (const cell of cells) counts[cell]!++
  counts[0] = Number.POSITIVE_INFINITY
  return counts
}

/** Pixels of the kinds, behind one that is transparent. */
function coloursOf(kinds: readonly string[]): Uint32Array {
  const style = getComputedStyle(document.documentElement)
  const pixel = (kind: string): number => pixelOf(style.getPropertyValue(lookUp(TOKENS, kind) ?? '--table').trim())
  return Uint32Array.from([0, ...kinds.map(pixel)])
}

/** A token, `#rrggbb`, in the order of bytes that images have. */
function pixelOf(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as [
    number,
    number,
    number,
  ]
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0]!
}
