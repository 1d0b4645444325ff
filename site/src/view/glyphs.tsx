// SPDX-License-Identifier: GPL-2.0-only
//
// Forms: each kind of entry and each kind of reference has one, besides its hue.

import type { JSX } from 'preact'
import { lookUp } from '../../../lib/base/look-up'
import { holderText } from '../../../lib/view/words'

const square = { x: 1.6, y: 1.6, width: 10.8, height: 10.8, 'stroke-width': 1.2 }

const zero = (
  <>
    <rect {...square} fill="none" stroke="var(--zero)" />
    <path d="M3 11 11 3" stroke="var(--zero)" stroke-width="1.2" />
  </>
)

const lines = <path d="M1 2h12M1 7h12M1 12h12" stroke="var(--table)" stroke-width="2" />

const GLYPHS: Record<string, JSX.Element> = {
  sys: <rect x="1" y="1" width="12" height="12" fill="var(--ram)" />,
  huge: (
    <>
      <rect x="0" y="3" width="14" height="8" fill="var(--ram)" />
      <path d="M4.5 3v8M9.5 3v8" stroke="var(--paper)" stroke-width=".8" />
    </>
  ),
  dev: <circle cx="7" cy="7" r="6.2" fill="var(--device)" />,
  mig: <rect {...square} fill="url(#hatch)" stroke="var(--mig)" />,
  zero,
  hzero: zero,
  none: <rect {...square} fill="none" stroke="var(--rule)" stroke-dasharray="2 2" />,
  swap: (
    <>
      <path d="M1 9h12v4H1z" fill="var(--swap)" />
      <rect {...square} fill="none" stroke="var(--swap)" />
    </>
  ),
  special: lines,
  table: lines,
  excl: (
    <>
      <rect x="1" y="1" width="12" height="12" fill="var(--ram)" />
      <circle cx="7" cy="7" r="3.4" fill="var(--device)" />
    </>
  ),
  marker: lines,
  nomap: <rect {...square} fill="none" stroke="var(--hair)" />,
}

export function Glyph({ kind }: { kind: string | undefined }) {
  return (
    <svg viewBox="0 0 14 14" aria-hidden="true" class="glyph">
      {lookUp(GLYPHS, kind ?? 'nomap') ?? GLYPHS.none}
    </svg>
  )
}

const pin = <path d="M4.5 .8 8.6 6 4.5 11.2.4 6z" fill="var(--stop)" />
const pagevec = <rect x="1" y="2" width="7" height="8" fill="none" stroke="currentColor" opacity=".55" />

const MARKS: Record<string, JSX.Element> = {
  map: <rect x=".5" y="1.5" width="8" height="9" fill="currentColor" />,
  device: <circle cx="4.5" cy="6" r="3.4" fill="none" stroke="var(--device)" stroke-width="1.8" />,
  cache: <circle cx="4.5" cy="6" r="3.4" fill="none" stroke="currentColor" stroke-width="1.8" />,
  swap: <circle cx="4.5" cy="6" r="3.4" fill="none" stroke="var(--swap)" stroke-width="1.8" />,
  migration: <rect x="1" y="2" width="7" height="8" fill="url(#hatch)" stroke="var(--mig)" />,
  wait: <path d="M1 1.5h7L4.5 6 8 10.5H1L4.5 6z" fill="var(--stop)" />,
  pin,
  hold: pin,
  isolate: pin,
  pagevec,
}

/** One mark a reference, by its holder: `kind` or `kind:name`; `map` is a mapping. */
export function Marks({ held, device }: { held: readonly string[]; device?: boolean }) {
  return (
    <span class={device ? 'marks of-device' : 'marks'}>
      {held.map((who, i) => (
        <svg key={i} viewBox="0 0 9 12" aria-hidden="true">
          {lookUp(MARKS, who.split(':')[0]!) ?? pagevec}
        </svg>
      ))}
    </span>
  )
}

export const marksText = (held: readonly string[]): string =>
  held.map((who) => (who === 'map' ? 'a mapping' : holderText(who))).join(', ')

export function Lock() {
  return (
    <svg viewBox="0 0 12 14" width="10" height="12" role="img" aria-label="locked">
      <path d="M3.5 6V4a2.5 2.5 0 0 1 5 0v2" fill="none" stroke="currentColor" stroke-width="1.5" />
      <rect x="1.5" y="6" width="9" height="7" fill="currentColor" />
    </svg>
  )
}

/** Textures that bars and glyphs use. */
export function Patterns() {
  return (
    <svg width="0" height="0" class="patterns" aria-hidden="true">
      <PatternDefs />
    </svg>
  )
}

export function PatternDefs() {
  return (
    <defs>
      <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="5" height="5" fill="var(--paper)" />
        <rect width="2" height="5" fill="var(--mig)" />
      </pattern>
      <pattern id="dots" width="4" height="4" patternUnits="userSpaceOnUse">
        <circle cx="2" cy="2" r="1.1" fill="var(--zero)" />
      </pattern>
      <pattern id="bars" width="4" height="4" patternUnits="userSpaceOnUse">
        <rect width="4" height="2" fill="var(--swap)" />
      </pattern>
    </defs>
  )
}
