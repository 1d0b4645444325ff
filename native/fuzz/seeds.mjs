// SPDX-License-Identifier: GPL-2.0-only
//
// Programs for fuzz_machine to begin with: every drill as a program, and every breach of a driver's rules, every
// injection, every call that can block.
//
//   node native/fuzz/seeds.mjs FOLDER      writes files, named as libFuzzer names its own (needs `npm run build:ts`)
//   node native/fuzz/seeds.mjs --text      prints those of the named drills, a line each: native/fuzz/seeds.txt
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { emulatorDrills } from '../../scripts/lib/run.mjs'
import { ADVICES, Compiler, KINDS, LINUX_6_12 } from './seed-compiler.mjs'
import { breaches, number, OTHER_CALL, operation, record } from './seed-records.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const require = createRequire(import.meta.url)
/** Those of a folder; not those with a command that hmmu does not know yet. */
function drills(folder) {
  const { DrillError, findDrillFiles, kernelOfProfile, parseDrill, profileOf, readDrills } = require(
    `${root}/dist/drill/index.js`,
  )
  return findDrillFiles(folder)
    .flatMap(readDrills)
    .flatMap((source) => {
      try {
        return [parseDrill(source, kernelOfProfile(profileOf(source.file)))]
      } catch (error) {
        if (error instanceof DrillError) return []
        throw error
      }
    })
}

/** Some pages, a few of them written, migrated by a driver with one breach, and then touched again. */
function hostile(breach, to) {
  const all = { region: 0, count: 255 }
  const migrate = (toWhere, name) => [
    operation('MIGRATE', all),
    record({ op: toWhere, who: number(breaches, name), count: 0b0100, first: 4099 }),
  ]
  return [
    record({ y: 0 }),
    operation('STORE', { region: 0, count: 9, x: 5 }),
    operation('DRAIN', {}),
    ...(to === 1 ? migrate(0, 'NONE') : []),
    ...migrate(to, breach),
    operation('LOAD', all),
    ...migrate(1, 'NONE'),
    operation('EXIT', {}),
  ]
}

/** The passages of one site fail, one after the other. */
function injections(site, nth) {
  const rounds = [0, 1, 2].flatMap((round) => [
    operation('INJECT', { x: site, y: nth + round }),
    operation('MAP', { count: 252, y: 4 | 16 }),
    operation('STORE', { region: 1 + round, count: 3, x: 9 }),
    operation('FORK', {}),
    operation('STORE', { who: 1 + round, region: 1 + round, count: 3, x: 8 }),
    operation('PROTECT', { region: 1 + round, first: 2, count: 1, x: 1 }),
    operation('MIGRATE', { region: 1 + round, count: 40 }),
    record({ op: 2 }),
  ])
  return [record({ count: 15, y: 0 }), ...rounds]
}

/** Small mappings on both sides of a border of page tables, which go, move and come again one by one. */
function neighbours(border) {
  const at = (page) => border + 5 * page
  const pages = [0, 2, 4, 6]
  const maps = pages.map((page) => operation('MAP', { count: 0, first: at(page), y: 32 | (border === 4 ? 64 : 0) }))
  const rounds = pages.flatMap((_, i) => [
    operation('UNMAP', { region: 1 + i, count: 255 }),
    ...pages.map((_, other) => operation('LOAD', { region: 1 + other, count: 255 })),
    operation('FORK', {}),
    operation('MREMAP', { region: 1 + ((i + 1) % 4), count: 255, x: 0, y: 3 | ((1 + i) << 3) }),
    maps[(i + 1) % 4],
    operation('STORE', { region: 1 + ((i + 1) % 4), count: 255, x: 3 }),
    operation('EXIT', { who: 1 }),
  ])
  return [record({ y: 0 }), ...maps, ...pages.map((_, i) => operation('STORE', { region: 1 + i, x: 7 })), ...rounds]
}

/** A call blocks on another task's migration in steps. Its task tries calls that are refused, then goes on. */
function blocked(name) {
  const all = { region: 0, count: 255 }
  // MADV_NOHUGEPAGE is the advice that waits for mmap_sem; a store, and a pin to write.
  const own = { ...all, who: 1, x: name === 'ADVISE' ? ADVICES.indexOf('nohugepage') : 1 }
  const other = { who: 1 | OTHER_CALL }
  const round = (stage, end) => [
    operation('STORE', { ...all, x: 5 }),
    operation('DRAIN', {}),
    operation('BEGIN', all),
    record({ op: 2 }),
    operation('RUN', { y: stage }),
    operation(name, own),
    operation(name, own),
    operation(name, { ...own, ...other, first: 3 }),
    operation(name === 'UNMAP' ? 'LOAD' : 'UNMAP', { ...all, ...other }),
    ...end,
  ]
  return [
    record({ count: 8, y: 7 }),
    operation('TASK', { x: 0 }),
    operation('NOTIFY', { x: 1 }),
    operation('LOCK', all),
    ...round(3, [operation('TASK', { who: 1, x: 2 }), operation('END', {})]),
    ...round(5, [operation('END', {}), operation(name, own)]),
    operation('LOAD', all),
  ]
}

/** A writer stops at a mapping whose lock a fault keeps while it waits. Others go on or fall back; then all end. */
function stopped(name) {
  const shared = { region: 1, count: 255 }
  const advice = { PROTECT: 1, ADVISE: ADVICES.indexOf('dontfork'), UFFD: 1 }[name] ?? 1
  const own = { ...shared, x: advice, y: 1 }
  return [
    record({ count: 8, region: LINUX_6_12, y: 7 }),
    operation('MAP', { count: 3, x: KINDS.indexOf('shmem') }),
    operation('STORE', { ...shared, x: 5 }),
    ...[1, 2, 3].map(() => operation('TASK', { x: 0 })),
    operation('HOLD', { region: 1 }),
    operation('ADVISE', { region: 1, x: ADVICES.indexOf('dontneed') }),
    operation('LOAD', { who: 1, region: 1 }),
    operation(name, own),
    operation(name, own),
    operation('LOAD', { who: 2, region: 1 }),
    operation('STORE', { who: 3, region: 0, count: 255, x: 7 }),
    operation('COPY', {}),
    operation('DROP', {}),
    operation('LOAD', { who: 1, region: 1 }),
    operation(name, own),
    operation('LOAD', { who: 2, region: 1 }),
    operation('STORE', { who: 3, region: 0, count: 255, x: 7 }),
  ]
}

/** Migrations are not among them: they do not wait for each other. */
const CALLS = 'MAP UNMAP PROTECT ADVISE LOCK UNLOCK CLEAR UFFD STORE LOAD PIN FORK MREMAP'.split(' ')
/** Calls that mark mappings. */
const WRITERS = 'UNMAP PROTECT ADVISE LOCK CLEAR UFFD FORK MREMAP'.split(' ')

function* seeds() {
  const named = [`${root}/test/conformance/linux-4.14`, `${root}/examples`].flatMap(drills)
  for (const [i, drill] of named.entries()) yield [drill.name, new Compiler(drill, i % 2 === 1).records]
  const modern = emulatorDrills.filter((folder) => folder.includes('linux-6.12')).flatMap(drills)
  for (const drill of modern) yield [`${drill.name}-6.12`, new Compiler(drill, false, LINUX_6_12).records]
  for (const call of WRITERS) yield [`stopped-${call.toLowerCase()}`, stopped(call)]
  for (const breach of breaches) {
    for (const to of [0, 1]) yield [`breach-${breach.toLowerCase()}-${to}`, hostile(breach, to)]
  }
  for (let border = 0; border < 5; border++) yield [`neighbours-${border}`, neighbours(border)]
  for (const call of CALLS) yield [`blocked-${call.toLowerCase()}`, blocked(call)]
  for (let site = 0; site < 7; site++) for (const nth of [1, 4]) yield [`inject-${site}-${nth}`, injections(site, nth)]
}

/** Random drills are many; they are not in seeds.txt. */
const isRandom = (name) => /^((mem-)?r\d+-|[mt]\d+-|(x|xh|i|mix-|file-|thp-|pageout-)\d)/.test(name)

function main([target]) {
  if (!target) {
    console.error('usage: node native/fuzz/seeds.mjs FOLDER | --text')
    return 1
  }
  if (target !== '--text') mkdirSync(target, { recursive: true })
  for (const [name, records] of seeds()) {
    const bytes = Buffer.concat(records)
    if (target !== '--text') writeFileSync(`${target}/${createHash('sha1').update(bytes).digest('hex')}`, bytes)
    else if (!isRandom(name)) console.log(`${name} ${bytes.toString('hex')}`)
  }
  return 0
}

process.exitCode = main(process.argv.slice(2))
