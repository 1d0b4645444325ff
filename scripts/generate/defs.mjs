#!/usr/bin/env node
// SPDX-License-Identifier: GPL-2.0-only
//
// Makes lib/base/defs.generated.ts from the lists in native/include/hmmu/hmmu_defs.h and hmmu_program.h, so that each flag, code, reason,
// event or quirk is written once; and lib/native/calls.generated.ts from the list of calls in native/core/host/calls.h.
// `--check` writes nothing and exits with 1 if a file is stale.
//
// parseDefs() is a module's export too: the tables of the documentation are made from the same lists.

import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { program } from 'commander'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const headerPaths = ['hmmu_defs.h', 'hmmu_program.h'].map((name) => join(root, 'native/include/hmmu', name))
export const kapiPath = join(root, 'native/kapi/kapi.h')
const callsPath = join(root, 'native/core/host/calls.h')

/**
 * @typedef {{ name: string, args: (string | number)[], text: string }} Item  arguments between name and text; a bare
 *   word that is not a number stays a string
 * @typedef {{ macro: string, parameters: string[], comment: string, items: Item[] }} List
 */

/**
 * Reads the X-macro lists of a header: each `#define HMMU_LIST(X)` or `KAPI_LIST(X)` with the comment above it that starts `X(name, …)`.
 * @param {string} source text of the header
 * @returns {{ lists: Map<string, List>, constants: Map<string, number> }} constants are the plain `#define NAME 1u`
 */
export function parseDefs(source) {
  const lists = new Map()
  const constants = new Map()
  let comment = ''
  for (const piece of pieces(source)) {
    if (piece.startsWith('/*')) {
      comment = commentText(piece)
      continue
    }
    const constant = /^#define (\w+) (\d+)u?$/.exec(piece)
    if (constant) constants.set(constant[1], Number(constant[2]))
    const list = /^#define ((?:HMMU|KAPI)_\w+)\(X\)([\s\S]*)$/.exec(piece)
    if (list)
      lists.set(list[1], { macro: list[1], ...parseComment(list[1], comment), items: parseItems(list[1], list[2]) })
  }
  return { lists, constants }
}

/** The lists of the public headers. */
export function readDefs() {
  return parseDefs(headerPaths.map((path) => readFileSync(path, 'utf8')).join('\n'))
}

/** Splits a header into comments and preprocessor lines, continuation lines joined. */
function pieces(source) {
  return source.replace(/\\\n/g, ' ').match(/\/\*[\s\S]*?\*\/|#[^\n]*/g) ?? []
}

function commentText(piece) {
  const lines = piece.slice(2, -2).split('\n')
  return lines
    .map((line) => line.replace(/^[\s*]+/, '').trim())
    .join(' ')
    .trim()
}

/** The comment above a list: "X(name, bit, text): what the list is." */
function parseComment(macro, comment) {
  const match = /^X\(([^)]*)\): (.*)$/.exec(comment)
  if (!match) throw new Error(`${macro}: the comment above it should start with "X(name, …, text): "`)
  return { parameters: match[1].split(',').map((word) => word.trim()), comment: capital(match[2]) }
}

function parseItems(macro, body) {
  const items = []
  const call = /\s*X\(((?:[^()"]|"(?:[^"\\]|\\.)*")*)\)\s*/y
  while (call.lastIndex < body.length) {
    const start = call.lastIndex
    const match = call.exec(body)
    if (!match) throw new Error(`${macro}: can't read "${body.slice(start, start + 40)}"`)
    items.push(parseItem(match[1]))
  }
  return items
}

function parseItem(text) {
  const args = splitArguments(text).map(value)
  return { name: String(args[0]), args: args.slice(1, -1), text: String(args.at(-1)) }
}

function splitArguments(text) {
  const args = ['']
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|,|[^",]+/g) ?? []) {
    if (token === ',') args.push('')
    else args[args.length - 1] += token
  }
  return args.map((arg) => arg.trim())
}

function value(arg) {
  if (/^\d+$/.test(arg)) return Number(arg)
  if (!arg.startsWith('"')) return arg
  // Adjacent string literals are one string.
  return (arg.match(/"(?:[^"\\]|\\.)*"/g) ?? []).map((literal) => JSON.parse(literal)).join('')
}

const capital = (text) => text[0].toUpperCase() + text.slice(1)
const lower = (name) => name.toLowerCase()
const camel = (name) => lower(name).replace(/_(\w)/g, (_, letter) => letter.toUpperCase())

// How each list is shown in TypeScript: `flags` as bits under the names of the header, `union` as a union of strings
// with a table of values. `key` makes the string of an item.
const word = (item) => String(item.args[1])
const name = (item) => lower(item.name)
const presentations = {
  HMMU_PFN_FLAGS: { flags: 'PfnFlag', texts: 'pfnFlagTexts' },
  HMMU_PAGE_FLAGS: { flags: 'PageFlag', texts: 'pageFlagTexts' },
  HMMU_ENTRY_KINDS: { union: 'EntryKind', plural: 'entryKind', key: word },
  HMMU_ENTRY_BITS: { flags: 'EntryBit' },
  HMMU_MAP_KINDS: { union: 'MapKind', plural: 'mapKind', key: word },
  HMMU_PROTS: { flags: 'ProtBit' },
  HMMU_ADVICES: { union: 'Advice', plural: 'advice', key: word },
  HMMU_MREMAPS: { flags: 'RemapBit' },
  HMMU_PINS: { flags: 'PinBit' },
  HMMU_UFFDS: { flags: 'UserfaultBit' },
  HMMU_RESTORES: { flags: 'RestoreBit' },
  HMMU_SELECTS: { union: 'SelectName', plural: 'select', key: word, bits: true },
  HMMU_DEVICE_KINDS: { union: 'DeviceKind', plural: 'deviceKind', key: word },
  HMMU_TARGETS: { union: 'TargetName', plural: 'target', key: name },
  HMMU_STAGES: { union: 'StageName', plural: 'stage', key: name },
  HMMU_WHYS: { union: 'WhyName', plural: 'why', key: name },
  HMMU_WAITS: { union: 'WaitName', plural: 'wait', key: name },
  HMMU_SWITCH_POINTS: { union: 'SwitchPoint', plural: 'switchPoint', key: word, bits: true },
  HMMU_LOCK_MODES: { union: 'LockMode', plural: 'lockMode', key: name },
  HMMU_TASK_CALLS: { union: 'TaskCall', plural: 'taskCall', key: (item) => camel(item.name) },
  HMMU_LRU_LISTS: { union: 'LruListName', plural: 'lruList', key: name },
  HMMU_HOLDERS: { union: 'HolderKind', plural: 'holder', key: name },
  HMMU_PAGEVECS: { union: 'PagevecName', plural: 'pagevec', key: name },
  HMMU_EVENTS: { union: 'EventName', plural: 'event', key: name },
  HMMU_NOTIFIES: { union: 'NotifyKind', plural: 'notifyKind', key: name },
  HMMU_ERRORS: { union: 'ErrorCode', plural: 'errorCode', key: (item) => `HMMU_${item.name}` },
  HMMU_RULES: { union: 'RuleName', plural: 'rule', key: name },
  HMMU_QUIRKS: { union: 'QuirkName', plural: 'quirk', key: (item) => String(item.args[2]), bits: true },
  HMMU_PROFILES: { union: 'Profile', plural: 'profile', key: word },
  HMMU_ACTIONS: { union: 'ActionKind', plural: 'action', key: word },
  HMMU_JUDGES: { union: 'Judge', plural: 'judge', key: word },
  HMMU_INJECTIONS: { union: 'InjectionName', plural: 'injection', key: name },
  HMMU_SPANS: { union: 'SpanName', plural: 'span', key: name },
  HMMU_STATS: { union: 'StatName', plural: 'stat', key: (item) => camel(item.name) },
  // Names in the binary, which TypeScript does not need.
  HMMU_PROBES: undefined,
  HMMU_COUNTERS: { union: 'CounterName', plural: 'counter', key: (item) => camel(item.name) },
}

/**
 * The text of lib/base/defs.generated.ts.
 * @param {ReturnType<typeof parseDefs>} defs
 */
export function renderTypeScript(defs) {
  const parts = [
    '// SPDX-License-Identifier: GPL-2.0-only\n' +
      '// Made by scripts/generate/defs.mjs from native/include/hmmu/hmmu_defs.h; do not edit.\n',
  ]
  for (const list of defs.lists.values()) {
    const shape = presentations[list.macro]
    if (shape === undefined && list.macro in presentations) continue
    if (!shape) throw new Error(`${list.macro}: say in generate/defs.mjs how it is to look in TypeScript`)
    parts.push(shape.flags ? renderFlags(shape, list) : renderUnion(shape, list))
  }
  return parts.join('\n')
}

function renderFlags({ flags: flagName, texts }, list) {
  const members = list.items.map((item) => `  /** ${item.text} */\n  ${item.name}: ${2 ** Number(item.args[0])},\n`)
  const values = `/** ${list.comment} */\nexport const ${flagName} = {\n${members.join('')}} as const\n`
  if (texts === undefined) return values
  const rows = list.items.map((item) => fitted(`  ${item.name}:`, `${quote(item.text)},`))
  return (
    `${values}\n/** A sentence on each {@link ${flagName}}. */\n` +
    `export const ${texts}: Readonly<Record<keyof typeof ${flagName}, string>> = {\n${rows.join('')}}\n`
  )
}

function renderUnion(shape, list) {
  const { union, plural, key, bits } = shape
  const rows = list.items.map((item) => ({ key: quote(key(item)), value: Number(item.args[0]), text: item.text }))
  const number = (row) => (bits ? 2 ** row.value : row.value)
  const member = (row) => (/^'[A-Za-z_]\w*'$/.test(row.key) ? row.key.slice(1, -1) : row.key)
  const record = (suffix, doc, type, cell) =>
    `/** ${doc} */\nexport const ${plural}${suffix}: Readonly<Record<${union}, ${type}>> = {\n` +
    `${rows.map((row) => fitted(`  ${member(row)}:`, `${cell(row)},`)).join('')}}\n`
  return [
    `/** ${list.comment} */\nexport type ${union} =\n${rows.map((row) => `  | ${row.key}\n`).join('')}`,
    record('Values', `${bits ? 'Bits' : 'Values'} of {@link ${union}} in the C API.`, 'number', number),
    `/** {@link ${union}} by ${bits ? 'bit number' : 'value'}. */\nexport const ${plural}Names: readonly ${union}[] = [\n` +
      `${byValue(list.macro, rows)
        .map((row) => `  ${row.key},\n`)
        .join('')}]\n`,
    record('Texts', `A sentence on each {@link ${union}}.`, 'string', (row) => quote(row.text)),
  ].join('\n')
}

/** A line, broken after its head if it would be longer than the formatter's 120 columns. */
function fitted(head, rest) {
  return head.length + 1 + rest.length <= 120 ? `${head} ${rest}\n` : `${head}\n    ${rest}\n`
}

/** Tables are indexed by value, so values must count up from 0 without a gap. */
function byValue(macro, rows) {
  rows.forEach((row, i) => {
    if (row.value !== i) throw new Error(`${macro}: ${row.key} has value ${row.value}, expected ${i}`)
  })
  return rows
}

/** A string literal, in the quotes that need the fewest escapes. */
function quote(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text.replace(/\\/g, '\\\\')}'`
}

/**
 * The calls of a list, see native/core/host/calls.h.
 * @param {string} source text of the header
 * @returns {{ name: string, args: { type: string, name: string }[] }[]}
 */
export function parseCalls(source) {
  const rows = source.split('\n').filter((line) => line.startsWith('\tX('))
  return rows.map((row) => {
    const match = /^\tX\(\w+, (\w+), \w+, \d, \(([^()]*)\)\)(?: \\)?$/.exec(row)
    if (!match) throw new Error(`HMMU_CALLS: can't read "${row.trim()}"`)
    const words = match[2].split(', ').filter((text) => text !== '')
    const types = words.filter((_, i) => i % 2 === 0)
    return { name: match[1], args: types.map((type, i) => ({ type, name: words[2 * i + 1] })) }
  })
}

/**
 * The text of lib/native/calls.generated.ts.
 * @param {ReturnType<typeof parseCalls>} calls
 */
export function renderCalls(calls) {
  const argument = ({ type, name }) => `${camel(name)}: ${type === 'BOOL' ? 'boolean' : 'number'}`
  const methods = calls.map(({ name, args }) => `  ${name}(${args.map(argument).join(', ')}): number\n`)
  return (
    '// SPDX-License-Identifier: GPL-2.0-only\n' +
    '// Made by scripts/generate/defs.mjs from native/core/host/calls.h; do not edit.\n\n' +
    '/** Calls that take and return plain numbers. Each stands for the function of hmmu.h that the list names. */\n' +
    `export interface PlainCalls {\n${methods.join('')}}\n\n` +
    '/** The names of {@link PlainCalls}. */\n' +
    `export const plainCallNames = [\n${calls.map(({ name }) => `  '${name}',\n`).join('')}] as const\n`
  )
}

/** Whether a file has this text; with `write`, it has it then. */
function written(path, text, write) {
  if (write) writeFileSync(path, text)
  // A missing file is a stale one.
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return true
  console.error(`${relative(root, path)} is stale: run "npm run generate"`)
  return false
}

function main({ check }) {
  const outputs = {
    'lib/base/defs.generated.ts': renderTypeScript(readDefs()),
    'lib/native/calls.generated.ts': renderCalls(parseCalls(readFileSync(callsPath, 'utf8'))),
  }
  const results = Object.entries(outputs).map(([file, text]) => written(join(root, file), text, !check))
  return results.includes(false) ? 1 : 0
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = main(program.option('--check', 'only look').parse().opts())
}
