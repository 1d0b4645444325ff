// SPDX-License-Identifier: GPL-2.0-only
//
// Random commands, as lines of drills. Each is built just before it runs, from the present state of the scene.

import type { Dice, RegionShape, Scene } from './scene'

/** The line; undefined if such a command is not possible in this scene. */
export type Build = (scene: Scene, dice: Dice) => string | undefined

const ADVICES = ['hugepage', 'nohugepage', 'dontfork', 'unmergeable']

function edge(shape: RegionShape, dice: Dice): number {
  return shape.edges ? dice.pick(shape.edges) : dice.below(shape.pages)
}

/** Some pages of a region; seldom one too many. */
function pagesOf(shape: RegionShape, dice: Dice): string {
  const form = dice.below(13)
  const [a, b] = [edge(shape, dice), edge(shape, dice)]
  if (form < 4) return `${shape.name}[${a}]`
  if (form < 9) return a === b ? `${shape.name}[${a}]` : `${shape.name}[${Math.min(a, b)}-${Math.max(a, b)}]`
  return form < 12 ? shape.name : `${shape.name}[${a}-${shape.pages}]`
}

/** Makes the text after a place in a region. */
type Tail = (scene: Scene, dice: Dice, shape: RegionShape) => string

/** A command of a process at a place. */
function at(verb: string, tail: Tail = () => '', fits?: (shape: RegionShape) => boolean): Build {
  return (scene, dice) => {
    const process = scene.process(dice)
    const shape = scene.region(process, dice, fits)
    if (shape === undefined) return undefined
    return `${process} ${verb} ${pagesOf(shape, dice)} ${tail(scene, dice, shape)}`.trimEnd()
  }
}

function onePage(verb: string): Build {
  return (scene, dice) => {
    const process = scene.process(dice)
    const shape = scene.region(process, dice)
    return shape && `${process} ${verb} ${shape.name}[${edge(shape, dice)}] as ${scene.newHandle()}`
  }
}

/** The model does not know the contents of special memory after a store. */
const known = (shape: RegionShape) => !shape.map.startsWith('special')
const hasLength = (shape: RegionShape) => /^(shmem|file|sharedfile) /.test(shape.map)
const anonymous = (shape: RegionShape) => shape.map.startsWith('anon')
const among =
  (...list: string[]): Tail =>
  (_scene, dice) =>
    dice.pick(list)

const store = at('write', (_scene, dice) => `0x${(dice.below(255) + 1).toString(16).padStart(2, '0')}`, known)
const storeOne: Build = (scene, dice) => {
  const process = scene.process(dice)
  const shape = scene.region(process, dice, known)
  return shape && `${process} write ${shape.name}[${edge(shape, dice)}] 0x${dice.pick(['71', '72', '73'])}`
}
const freeAll: Build = (scene, dice) => {
  const process = scene.process(dice)
  const shape = scene.region(process, dice, anonymous)
  return shape && `${process} advise ${shape.name} dontneed`
}
const fill = at('advise', () => 'populate_write', known)
/** At the limit of the memory cgroup a store waits, which ends a sequence unless something stands. Most only fill it. */
const write: Build = (scene, dice) => {
  const waits = scene.limited && scene.migrating === undefined && dice.below(8) < 7
  return waits ? fill(scene, dice) : store(scene, dice)
}
const read = at('read')
const pin = at('pin', (scene, dice) => `as ${scene.newHandle()} ${dice.pick(['', 'write'])}`)
const PINS = ['dma', 'write dma', 'longterm', 'write longterm']
const dma = at('pin', (scene, dice) => `as ${scene.newHandle()} ${dice.pick(PINS)}`)
const hold = onePage('hold')
const isolate = onePage('isolate')
const drop: Build = (scene, dice) => {
  if (scene.handles.length === 0) return undefined
  return `drop ${scene.handles.splice(dice.below(scene.handles.length), 1)}`
}
const zap = at('advise', among('dontneed', 'dontneed', 'free'))
const free = at('advise', among('free', 'dontneed'), anonymous)
const advise = at('advise', among(...ADVICES))
const protect = at('protect', among('r', 'rw', 'rw', 'none'))
const unmap = at('unmap')
const lock = at('lock')
const unlock = at('unlock')
const uffd = at('uffd')
const protectUser = at('uffd', () => 'wp')
const fault = at('advise', among('populate_read', 'populate_write'))
const cold = at('advise', among('cold', 'cold', 'collapse'))
const reclaim = at('reclaim')
const pageOut = at('advise', among('pageout'))
const truncate: Build = (scene, dice) => {
  const process = scene.process(dice)
  const shape = scene.region(process, dice, dice.below(8) < 7 ? hasLength : undefined)
  return shape && `${process} truncate ${shape.name} ${dice.below(shape.pages + 2)}`
}
const remap = at('remap', (scene, _dice, shape) => `as ${scene.movedName(shape)}`)
const watch: Build = (scene, dice) => `${scene.process(dice)} watch`
const clear: Build = (scene, dice) => `${scene.process(dice)} clear`
const fork: Build = (scene, dice) => {
  const parent = scene.process(dice)
  const child = scene.newProcess()
  return child && `fork ${parent} ${child}`
}
const exit: Build = (scene, dice) => {
  const others = scene.processes.filter((name) => name !== scene.migrating)
  if (scene.processes.length < 2 || others.length === 0) return undefined
  const name = dice.pick([...others].reverse())
  // The behaviour of a process that waits for its end is not specified.
  scene.processes.splice(scene.processes.indexOf(name), 1)
  return `exit ${name}`
}
const map: Build = (scene, dice) => {
  const process = scene.process(dice)
  const shape = scene.newRegion(process, dice)
  return shape && `${process} map ${shape.name} ${shape.map}`
}

/** Pages that the driver skips, or reports as failed. */
function list(name: string, shape: RegionShape, dice: Dice): string {
  const length = Math.max(0, dice.below(8) - 4)
  const pages = Array.from({ length }, () => edge(shape, dice))
  return length === 0 ? '' : ` ${name}=${[...new Set(pages)].join(',')}`
}

/** The head of a `migrate`; interleaved lines come after it. */
export const migrate: Build = (scene, dice) => migrateTo(['dev', 'dev', 'sys'], scene, dice)

function migrateTo(targets: readonly string[], scene: Scene, dice: Dice): string | undefined {
  const process = scene.process(dice)
  const shape = scene.region(process, dice, dice.below(4) < 3 ? anonymous : undefined)
  if (shape === undefined) return undefined
  const to = dice.pick(targets)
  return `${process} migrate ${pagesOf(shape, dice)} to ${to}${list('skip', shape, dice)}${list('error', shape, dice)}`
}

/** Pages that are offered to the driver in the place of those that its direction needs; the owner of their device. */
const SELECTIONS = [
  ...['select=system', 'select=private', 'select=system,private', 'select=private,system'],
  ...['select=coherent', 'select=coherent', 'select=coherent,private', 'select=system,coherent'],
]
const owner = (dice: Dice) => (dice.below(8) === 7 ? ' owner=other' : '')

export const migrateSelected: Build = (scene, dice) => {
  const line = migrateTo(['dev', 'dev', 'sys', 'sys', 'coh', 'coh'], scene, dice)
  return line && `${line}${dice.below(3) === 2 ? ` ${dice.pick(SELECTIONS)}` : ''}${owner(dice)}`
}

/** The first pages of the device are those that are in use. */
export const evict: Build = (_scene, dice) => {
  const [a, b] = [dice.below(8), dice.below(8)]
  const letter = dice.pick(['D', 'C'])
  const all = letter === 'D' ? 'all' : 'coh'
  const range = `${letter}[${Math.min(a, b)}-${Math.max(a, b)}]`
  return dice.pick([`evict ${all}`, `evict ${letter}[${a}]`, `evict ${range}`])
}

const mirror = at('mirror', (_scene, dice) => `${dice.pick(['', 'fault', 'fault write', 'fault write'])}${owner(dice)}`)
const exclusive = at('exclusive')

/** Commands that may run while a migration stands. A command is drawn in proportion to its entries here. */
export const INNER: readonly Build[] = [
  ...[read, read, read, write, write, write, zap, free, pin, hold, isolate, drop, drop],
  ...[fork, fork, exit, protect, unmap, lock, unlock, clear, map, uffd, advise],
]

/** All other commands, except `migrate`. */
export const OUTER: readonly Build[] = [
  ...[write, write, write, write, read, read, read, pin, hold, isolate, drop, drop, drop],
  ...[fork, fork, exit, zap, free, advise, protect, protect, unmap, unmap, lock, unlock, clear, uffd, map, map],
]

/** More commands of Linux 6.12. */
const NEW = [dma, protectUser, fault, fault, cold, cold, remap, reclaim, reclaim, pageOut, truncate]

/** Commands of Linux 6.12 that may run while a migration stands. */
export const INNER_6_12: readonly Build[] = [...INNER, ...NEW, exclusive, exclusive, mirror, mirror, mirror]

/** At the limit of the memory cgroup: who waits for a page, and who frees one. */
const PRESSING = [storeOne, storeOne, storeOne, freeAll, freeAll, zap, exit, drop]
const press: Build = (scene, dice) => dice.pick(PRESSING)(scene, dice)

/** The same with a limit of the memory cgroup. */
export const INNER_LIMITED: readonly Build[] = [...INNER_6_12, ...INNER_6_12.map(() => press)]

/** All other commands of Linux 6.12. */
export const OUTER_6_12: readonly Build[] = [
  ...[...OUTER, ...NEW, dma, watch, reclaim, reclaim, pageOut],
  ...[exclusive, exclusive, mirror, mirror, mirror],
]
