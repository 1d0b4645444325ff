// SPDX-License-Identifier: GPL-2.0-only
//
// Counts the core's lines of code by kernel: npm run lines [-- --files]
//
// gcc compiles each kernel (native/core/kernel/v*.c) and leaves out branches on KERNEL that are never taken. With -Og it
// also leaves out functions that nothing calls then, and branches on an inline function that is always false. gcov tells
// from the .gcno files which lines are left. A line belongs to the kernels that have it. All lines of a function that one
// kernel has belong to this kernel. Elsewhere a line without code of its own follows another one: a closing brace the
// line that opened the block, the rest of a statement its first line. What is outside of functions, and each line that
// asks KERNEL, is common. Blank lines and comments do not count. --files adds the files that have lines of one kernel.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { program } from 'commander'
import { root } from '../lib/run.mjs'

const CORE = join(root, 'native/core')
const COMMON = 'common'

/** The kernels, by their files: v6_12 is "6.12". */
const kernels = readdirSync(join(CORE, 'kernel'))
  .filter((file) => /^v\d+_\d+\.c$/.test(file))
  .map((file) => ({ file, name: file.slice(1, -2).replace('_', '.') }))

/** What gcov knows of each file of the core, by path, when a kernel is compiled with some options. */
function notesOf({ file, name }, options, folder) {
  const object = join(folder, `${name}.o`)
  const common = ['-std=gnu11', '--coverage', '-w', '-DHMMU_VERSION="0"', '-Inative/include', '-Inative/core']
  execFileSync('gcc', [...common, ...options, '-c', join(CORE, 'kernel', file), '-o', object], { cwd: root })
  const notes = execFileSync('gcov', ['--json-format', '--stdout', object.replace(/o$/, 'gcno')], {
    cwd: root,
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'], // It misses a run.
  })
  return new Map(
    JSON.parse(notes).files.map((known) => [relative(CORE, join(root, relative(root, known.file))), known]),
  )
}

const linesOf = (notes) => new Set(notes?.lines.map((line) => line.line_number))

/** The lines of each file that a kernel has, and first and last line of each function: all of them, and those it has. */
function keptBy(kernel, folder) {
  const plain = notesOf(kernel, ['-O0'], folder)
  const called = notesOf(kernel, ['-Og'], folder)
  const files = [...plain].map(([path, notes]) => {
    const left = [...linesOf(called.get(path))]
    const all = notes.functions.map(({ start_line, end_line }) => [start_line, end_line])
    const functions = all.filter(([first, last]) => left.some((line) => first <= line && line <= last))
    return [path, { lines: linesOf(notes), all, functions }]
  })
  return new Map(files)
}

/** The text of a file by lines, without comments. */
function codeOf(file) {
  const text = readFileSync(join(CORE, file), 'utf8')
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, (comment) => comment.replace(/[^\n]/g, '')).split('\n')
}

const owners = (names) => (names.length === 0 || names.length === kernels.length ? COMMON : names.join(', '))
const indentOf = (line) => /^\s*/.exec(line)[0].length

/** The kernels of each line of a file, as texts; undefined for a line without code. */
function ownersOf(file, kept) {
  const kernelsWith = (has) =>
    owners(kernels.filter(({ name }) => has(kept.get(name).get(file))).map(({ name }) => name))
  const found = []
  const lines = codeOf(file)
  lines.forEach((line, index) => {
    if (line.trim() === '') return
    const number = index + 1
    const within = (functions) => functions?.some(([first, last]) => first <= number && number <= last)
    const anyFunction = kernels.some(({ name }) => within(kept.get(name).get(file)?.all))
    const ofFunction = kernelsWith((kernel) => within(kernel?.functions))
    const isCode = kernels.some(({ name }) => kept.get(name).get(file)?.lines.has(number))
    if (!anyFunction || ofFunction !== COMMON) found[index] = ofFunction
    else if (/\bKERNEL\b/.test(line)) found[index] = COMMON
    else if (isCode) found[index] = kernelsWith((kernel) => kernel?.lines.has(number))
    else found[index] = found[leaderOf(lines, index)] ?? COMMON
  })
  return found
}

/** The line that a line without code of its own follows: one with code, of which it is the rest. */
function leaderOf(lines, index) {
  const closes = lines[index].trim().startsWith('}')
  let leader = index - 1
  while (leader > 0 && (lines[leader].trim() === '' || (closes && indentOf(lines[leader]) > indentOf(lines[index]))))
    leader--
  return leader
}

function coreFiles() {
  const files = readdirSync(CORE, { recursive: true }).filter((file) => /\.[ch]$/.test(file))
  return files.sort()
}

function print(title, rows, columns) {
  const width = Math.max(...[...rows.keys(), title].map((text) => text.length))
  const cells = (texts) => texts.map((text) => String(text).padStart(9)).join('')
  console.log(`${title.padEnd(width)}${cells(columns)}`)
  for (const [row, counts] of rows)
    console.log(`${row.padEnd(width)}${cells(columns.map((name) => counts[name] ?? 0))}`)
}

function add(rows, row, counts) {
  const sums = rows.get(row) ?? {}
  for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count
  rows.set(row, sums)
}

const { files: showFiles } = program.option('--files', 'the files that have lines of one kernel').parse().opts()
const folder = mkdtempSync(join(tmpdir(), 'hmmu-lines-'))
try {
  const kept = new Map(kernels.map((kernel) => [kernel.name, keptBy(kernel, folder)]))
  const floors = new Map()
  const files = new Map()
  for (const file of coreFiles()) {
    const counts = {}
    for (const owner of ownersOf(file, kept)) if (owner) counts[owner] = (counts[owner] ?? 0) + 1
    add(floors, file.split('/')[0], counts)
    if (Object.keys(counts).some((owner) => owner !== COMMON)) files.set(file, counts)
  }
  const columns = [
    ...new Set([
      COMMON,
      ...kernels.map(({ name }) => name),
      ...[...floors.values()].flatMap((counts) => Object.keys(counts)),
    ]),
  ]
  for (const counts of [...floors.values()]) add(floors, 'all', counts)
  print('lines of code', floors, columns)
  if (showFiles) {
    console.log()
    print('file', files, columns)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
