// SPDX-License-Identifier: GPL-2.0-only
//
// What is looked at, as the hash of the address: #drill=racing-store&profile=linux-4.14&step=11&page=A/buf[0]
// A hash comes from anywhere: whatever it says is checked, and never becomes HTML.

import { keyOf, type PageKey, parseKey } from '../../../lib/view/pages'

export type Theme = 'light' | 'dark'

export interface Place {
  /** The file that the server was given; it has what `drill` names. */
  readonly file?: string | undefined
  readonly drill?: string | undefined
  /** The script if the drill is edited, packed. */
  readonly src?: string | undefined
  readonly profile?: string | undefined
  readonly step?: number | undefined
  readonly page?: PageKey | undefined
  /** The profile to compare with, or USUAL. */
  readonly compare?: string | undefined
  readonly theme?: Theme | undefined
}

/** Compares with the profile that differs least: of the same kernel, with or without its faults. */
export const USUAL = '1'

/** A longer hash is not read. */
export const MOST_HASH = 100_000
const MOST_NAME = 100
const MOST_FILE_NAME = 255

export function parseHash(hash: string): Place {
  if (hash.length > MOST_HASH) return {}
  const query = new URLSearchParams(hash.replace(/^#/, ''))
  const step = query.get('step') ?? ''
  const theme = query.get('theme')
  return {
    file: fileIn(query),
    drill: nameIn(query, 'drill'),
    src: query.get('src') ?? undefined,
    profile: nameIn(query, 'profile'),
    step: /^\d{1,7}$/.test(step) ? Number(step) : undefined,
    page: parseKey(query.get('page')),
    compare: nameIn(query, 'compare'),
    theme: theme === 'light' || theme === 'dark' ? theme : undefined,
  }
}

function nameIn(query: URLSearchParams, key: string): string | undefined {
  const name = query.get(key) ?? ''
  return name.length <= MOST_NAME && /^[\w.-]+$/.test(name) ? name : undefined
}

/** `.` and `..`, as fetch() reads them: it takes %2e for a dot. */
const DOTS = /^(\.|%2e){1,2}$/i

/** A name without folders. */
function fileIn(query: URLSearchParams): string | undefined {
  const name = query.get('file') ?? ''
  return name !== '' && name.length <= MOST_FILE_NAME && !name.includes('/') && !DOTS.test(name) ? name : undefined
}

export function hashOf({ file, drill, src, profile, step, page, compare, theme }: Place): string {
  const query = new URLSearchParams()
  if (file !== undefined) query.set('file', file)
  if (drill !== undefined) query.set('drill', drill)
  if (src !== undefined) query.set('src', src)
  if (profile !== undefined) query.set('profile', profile)
  if (step !== undefined) query.set('step', `${step}`)
  if (page) query.set('page', keyOf(page.at, page.index))
  if (compare !== undefined) query.set('compare', compare)
  if (theme) query.set('theme', theme)
  // Slashes and brackets of pages are allowed in a hash, and read better.
  return `#${query.toString().replaceAll('%2F', '/').replaceAll('%5B', '[').replaceAll('%5D', ']')}`
}
