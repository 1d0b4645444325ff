// SPDX-License-Identifier: GPL-2.0-only
//
// The commands of a driver of the device. Each function is called with the words after the verb.

import type { DeviceKind } from '../api'
import type { DevmemCommand, EvictCommand, MigrateCommand, MirrorCommand, Owner, PageRange, Selected } from './ast'
import type { Position } from './errors'
import { type ByKernel, wordsOf } from './language'
import { pageRange, parseChoice, parseFlags, parsePageList, parsePages, parsePlace } from './parse-values'
import { oneOf, type Word, type Words } from './words'

/** Properties of all commands. */
export interface Head {
  readonly text: string
  readonly position: Position
}
/** Properties of commands of a process. */
export interface ProcessHead extends Head {
  readonly process: string
}

/** Options of `migrate`. Errors show what stands behind them. */
const OPTIONS = { 'skip=': 'PAGES', 'error=': 'PAGES', 'select=': 'KINDS', 'owner=': 'other' } as const
type Option = keyof typeof OPTIONS
const MIGRATE_OPTIONS: ByKernel<readonly Option[]> = {
  'linux-4.14': ['skip=', 'error='],
  'linux-6.12': ['select=', 'owner='],
}
const SELECTED = ['system', 'private', 'coherent'] as const
/** Where pages may be moved. */
export const DESTINATIONS = { 'linux-4.14': ['dev', 'sys'], 'linux-6.12': ['coh'] } as const
const MIRROR_FLAGS = ['fault', 'write', 'owner=other']
const DEVICE_PAGES = /^([DC])\[([0-9]+)(?:-([0-9]+))?\]$/
/** The most pages of the device whose pages CPUs map. */
const COHERENT_PAGES_MAX = 4096

export function parseMigrate(words: Words, head: ProcessHead): MigrateCommand {
  const place = parsePlace(words)
  parseChoice(words, ['to'], 'a direction')
  const to = parseChoice<'dev' | 'coh' | 'sys'>(words, DESTINATIONS, 'a destination')
  const values = parseOptions(words)
  const given = <T>(option: Option, parse: (words: Words, value: Word) => T): T | undefined => {
    const value = values.get(option)
    return value === undefined ? undefined : parse(words, value)
  }
  return {
    ...head,
    verb: 'migrate',
    place,
    to,
    skip: given('skip=', parsePageList) ?? [],
    error: given('error=', parsePageList) ?? [],
    select: given('select=', parseSelected),
    owner: given('owner=', parseOwner) ?? 'device',
    interleaved: [],
  }
}

/** The values of options, which may stand in any order, each at most once. */
function parseOptions(words: Words): Map<Option, Word> {
  const values = new Map<Option, Word>()
  const options = wordsOf(MIGRATE_OPTIONS, words.kernel)
  const expected = `${options.map((each) => each + OPTIONS[each]).join(', ')} or the end of the line`
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    const { text, column } = word
    const option = options.find((each) => text.startsWith(each))
    if (option === undefined) throw words.unexpected(word, expected, MIGRATE_OPTIONS)
    if (values.has(option)) throw words.error(column, `'${option}' stands there twice`)
    values.set(option, { text: text.slice(option.length), column: column + option.length })
    words.take(expected)
  }
  return values
}

/** `system,private` */
function parseSelected(words: Words, value: Word): Selected[] {
  const selected: Selected[] = []
  let column = value.column
  for (const text of value.text.split(',')) {
    const kind = SELECTED.find((each) => each === text)
    if (kind === undefined)
      throw words.unexpected({ text, column }, `kinds of pages (${oneOf(SELECTED)}, separated by commas)`)
    if (selected.includes(kind)) throw words.error(column, `'${kind}' stands there twice`)
    selected.push(kind)
    column += text.length + 1
  }
  return selected
}

function parseOwner(words: Words, value: Word): Owner {
  if (value.text !== 'other') throw words.unexpected(value, 'an owner (other)')
  return 'other'
}

export function parseMirror(words: Words, head: ProcessHead): MirrorCommand {
  const place = parsePlace(words)
  const flags = parseFlags(words, MIRROR_FLAGS)
  const fault = flags.has('fault')
  const write = flags.get('write')
  if (write !== undefined && !fault) throw words.error(write.column, "'write' is only allowed with 'fault'")
  const owner = flags.has('owner=other') ? 'other' : 'device'
  return { ...head, verb: 'mirror', place, fault, write: write !== undefined, owner }
}

/** `all`, `coh`, or the numbers of device pages: `D[2]`, `C[2-5]`. */
export function parseEvict(words: Words, head: Head): EvictCommand {
  const expected = 'device pages (all, D[PAGE] or D[FIRST-LAST]; coh, C[PAGE] or C[FIRST-LAST])'
  const word = words.take(expected)
  const [kind, pages] = parseDevicePages(words, word, expected)
  return { ...head, verb: 'evict', kind, pages, interleaved: [] }
}

function parseDevicePages(words: Words, word: Word, expected: string): [DeviceKind, PageRange | undefined] {
  if (word.text === 'all') return ['private', undefined]
  if (word.text === 'coh') return ['coherent', undefined]
  const match = DEVICE_PAGES.exec(word.text)
  if (match === null) throw words.unexpected(word, expected)
  const [first, last] = pageRange(words, word.column + 'D['.length, match[2] ?? '', match[3])
  return [match[1] === 'C' ? 'coherent' : 'private', { first, last }]
}

/** `devmem N`, and of Linux 6.12 `devmem N coherent` for the second device. */
export function parseDevmem(words: Words, head: Head): DevmemCommand {
  const at = words.peek()
  const pages = parsePages(words, 0)
  const coherent = parseFlags(words, { 'linux-6.12': ['coherent'] }).has('coherent')
  if (coherent && pages > COHERENT_PAGES_MAX && at !== undefined)
    throw words.unexpected(at, `a number of coherent pages (0 to ${COHERENT_PAGES_MAX})`)
  return { ...head, verb: 'devmem', pages, coherent }
}
