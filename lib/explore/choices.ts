// SPDX-License-Identifier: GPL-2.0-only
//
// The ids of findings: all that it takes to make their order again. An id is FORMAT:PROFILE:QUIRKS:POINTS:FILE:CHOICES.

import type { Machine, QuirkName, SearchOptions } from '../api'
import { quirkValues, switchPointValues } from '../api'

const FORMAT = '1'
/** Longer orders are none that a search has found. */
const MOST_CHOICES = 2 ** 20
const FIRST_LETTER = 'a'.charCodeAt(0)

/** What an id says besides the choices. */
export interface IdHead {
  readonly format: string
  readonly profile: string
  /** The quirks that are on, as bits in hexadecimal. */
  readonly quirks: string
  /** The switching points, as bits in hexadecimal; `r` follows if fault handlers retry. */
  readonly points: string
  /** A hash of what is explored. */
  readonly source: string
}

/**
 * What the ids of findings begin with.
 * @param source what is explored: the text of a drill, for instance
 */
export function idHead(machine: Machine, source: string, options: SearchOptions): IdHead {
  const points = (options.points ?? []).reduce((bits, point) => bits | switchPointValues[point], 0)
  return {
    format: FORMAT,
    profile: machine.profile,
    quirks: machine.quirks.reduce((bits: number, quirk: QuirkName) => bits + quirkValues[quirk], 0).toString(16),
    points: points.toString(16) + (options.handlerRetries ? 'r' : ''),
    source: hashOf(source),
  }
}

/** Each run of a task's steps is its letter and their number: `a3ba2`. */
export function encodeChoices(choices: Uint8Array): string {
  let text = ''
  for (let i = 0, next = 0; i < choices.length; i = next) {
    while (next < choices.length && choices[next] === choices[i]) next++
    text += String.fromCharCode(FIRST_LETTER + (choices[i] ?? 0)) + (next - i > 1 ? next - i : '')
  }
  return text
}

/** Undefined if the text is none. */
export function decodeChoices(text: string): Uint8Array | undefined {
  if (!/^(?:[a-p]\d{0,6})*$/.test(text)) return undefined
  const length = [...text.matchAll(/[a-p](\d*)/g)].reduce((sum, [, count]) => sum + Number(count || 1), 0)
  if (length > MOST_CHOICES) return undefined
  const choices = new Uint8Array(length)
  let at = 0
  for (const [, letter = 'a', count] of text.matchAll(/([a-p])(\d*)/g)) {
    const next = at + Number(count || 1)
    choices.fill(letter.charCodeAt(0) - FIRST_LETTER, at, next)
    at = next
  }
  return choices
}

export function idOf(head: IdHead, choices: Uint8Array): string {
  return [head.format, head.profile, head.quirks, head.points, head.source, encodeChoices(choices)].join(':')
}

/**
 * The choices of an id, or why they are not for this source and machine.
 * @param subject goes on `changed since the id was made`
 */
export function choicesOfId(id: string, head: IdHead, subject: string): Uint8Array | string {
  const [format, profile, quirks, points, source, text, ...more] = String(id).split(':')
  if (text === undefined) return 'that is no id of a finding'
  if (format !== head.format) return 'the id is not of this version of hmmu'
  const choices = decodeChoices(text)
  if (choices === undefined || more.length > 0) return 'that is no id of a finding'
  if (profile !== head.profile) return `the id is of the profile ${profile}, and this is ${head.profile}`
  if (quirks !== head.quirks) return `the id is of a machine with other quirks (${quirks}; these are ${head.quirks})`
  if (points !== head.points) return `the id is of other switching points (${points}; these are ${head.points})`
  if (source !== head.source) return `${subject} changed since the id was made`
  return choices
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
