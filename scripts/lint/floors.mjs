// SPDX-License-Identifier: GPL-2.0-only
//
// Checks the floors of native/core: node scripts/lint/floors.mjs [--print]
//
// Each folder of native/core is a floor. A file may include and call files of its own floor and of floors below it.
// Function pointers are no calls: an ops table leads upward without knowing where. gcc tells the calls, inline functions
// of headers included. --print also lists the largest circle of files that call each other.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { program } from 'commander'
import { root } from '../lib/run.mjs'

const CORE = join(root, 'native/core')

/** From the ground up. */
const FLOORS = ['host', 'page', 'mm', 'rmap', 'fault', 'call', 'migrate', 'machine', 'kernel']

/** Where the kernel itself calls upward: caller and callee. ARCHITECTURE.md explains each. */
const UPCALLS = [
  // A mapping that gets a border within a huge page splits its pmd: vma_adjust_trans_huge().
  ['split_at_border', 'split_huge_pmd_address'],
]

/** The headers that those callers need. */
const UPCALL_INCLUDES = ['mm/vma.c rmap/huge.h']

/** The most files that may call each other in one circle. */
const LARGEST_CIRCLE = 9

const floorOf = (file) => FLOORS.indexOf(file.split('/')[0])

/** A header goes with its source. */
const unitOf = (file) => file.replace(/\.[ch]$/, '')

/** The files of the core, as FLOOR/NAME. */
function coreFiles() {
  const files = readdirSync(CORE, { recursive: true, withFileTypes: true }).filter((entry) =>
    /\.[ch]$/.test(entry.name),
  )
  return files.map(({ parentPath, name }) => relative(CORE, join(parentPath, name))).sort()
}

/** Includes of higher floors. */
function* upwardIncludes(files) {
  for (const file of files) {
    const text = readFileSync(join(CORE, file), 'utf8')
    for (const [, included] of text.matchAll(/^#include "([^"]+)"/gm)) {
      if (included.startsWith('hmmu/')) continue
      if (floorOf(included) < 0) yield `${file} includes "${included}", which is on no floor`
      else if (floorOf(included) > floorOf(file) && !UPCALL_INCLUDES.includes(`${file} ${included}`))
        yield `${file} includes "${included}", which is on a higher floor`
    }
  }
}

/** The functions that gcc met in one source, where each is defined, and who calls whom. */
function callsOf(source, folder) {
  const object = join(folder, `${source.replaceAll('/', '-')}.o`)
  const options = ['-std=c11', '-O0', '-fcallgraph-info', '-w', '-DHMMU_STATIC', '-DHMMU_VERSION="0"']
  execFileSync('gcc', [...options, '-Inative/include', '-Inative/core', '-c', `native/core/${source}`, '-o', object], {
    cwd: root,
  })
  return readFileSync(object.replace(/o$/, 'ci'), 'utf8')
}

/** All calls within the core, as [caller, its file, callee, its file]. */
function coreCalls(files) {
  const folder = mkdtempSync(join(tmpdir(), 'hmmu-floors-'))
  try {
    // The sources between host/ and kernel/ are parts of the kernels, which include them.
    const units = files.filter((file) => /^(host|kernel)\/\w+\.c$/.test(file))
    const graphs = units.map((file) => callsOf(file, folder))
    const text = graphs.join('')
    const homes = new Map()
    // A node without a shape is a definition; one with it a declaration.
    for (const [, title, path] of text.matchAll(
      /^node: \{ title: "([^"]+)" label: "[^"\\]+\\n([^":]+):\d+:\d+[^"]*" \}/gm,
    ))
      homes.set(title, relative(CORE, join(root, path)))
    const edges = [...text.matchAll(/^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/gm)]
    return edges
      .filter(([, from, to]) => homes.has(from) && homes.has(to))
      .map(([, from, to]) => ({ from: nameOf(from), fromFile: homes.get(from), to: nameOf(to), toFile: homes.get(to) }))
      .filter(({ fromFile, toFile }) => !fromFile.startsWith('..') && !toFile.startsWith('..'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A static function's title has its file in front. */
const nameOf = (title) => title.split(':').at(-1)

function upwardCalls(calls) {
  const up = calls.filter(({ fromFile, toFile }) => floorOf(toFile) > floorOf(fromFile))
  const allowed = ({ from, to }) => UPCALLS.some(([caller, callee]) => caller === from && callee === to)
  const texts = up
    .filter((call) => !allowed(call))
    .map(
      ({ from, fromFile, to, toFile }) =>
        `${from}() in ${fromFile} calls ${to}(), which ${toFile} has on a higher floor`,
    )
  const unused = UPCALLS.filter(([caller, callee]) => !up.some(({ from, to }) => from === caller && to === callee))
  return [
    ...new Set(texts),
    ...unused.map(([caller, callee]) => `${caller}() no longer calls ${callee}(): strike it out here`),
  ]
}

/** Which files each file calls. */
function graphOf(calls) {
  const graph = new Map()
  for (const { fromFile, toFile } of calls) {
    const [from, to] = [unitOf(fromFile), unitOf(toFile)]
    for (const unit of [from, to]) if (!graph.has(unit)) graph.set(unit, new Set())
    if (from !== to) graph.get(from).add(to)
  }
  return graph
}

/** Everything that can be reached from a file. */
function reach(graph, from) {
  const seen = new Set()
  const queue = [from]
  for (let unit = queue.pop(); unit !== undefined; unit = queue.pop()) {
    for (const next of graph.get(unit)) {
      if (seen.has(next)) continue
      seen.add(next)
      queue.push(next)
    }
  }
  return seen
}

/** The most files of which each can reach each. */
function largestCircle(calls) {
  const graph = graphOf(calls)
  const reached = new Map([...graph.keys()].map((unit) => [unit, reach(graph, unit)]))
  const circles = [...graph.keys()].map((unit) =>
    [...reached.get(unit)].filter((other) => reached.get(other).has(unit)),
  )
  return circles.reduce((largest, circle) => (circle.length > largest.length ? circle : largest), []).sort()
}

const files = coreFiles()
const calls = coreCalls(files)
const circle = largestCircle(calls)
const complaints = [
  ...files.filter((file) => floorOf(file) < 0).map((file) => `${file} is on no floor`),
  ...upwardIncludes(files),
  ...upwardCalls(calls),
]
if (circle.length > LARGEST_CIRCLE)
  complaints.push(
    `${circle.length} files call each other in one circle, at most ${LARGEST_CIRCLE} may: ${circle.join(' ')}`,
  )
if (program.option('--print', 'list the largest circle of files').parse().opts().print)
  console.log(`largest circle, ${circle.length} files: ${circle.join(' ')}`)
for (const complaint of complaints) console.error(complaint)
console.log(`floors: ${files.length} files, ${calls.length} calls, the largest circle has ${circle.length} files`)
process.exitCode = complaints.length > 0 ? 1 : 0
