// SPDX-License-Identifier: GPL-2.0-only
//
// Carries out each command, through the public API of the library.

import { HmmuError, type MirroredPage, type PageEntry, type PageRef, type Process, type Task } from '../api'
import { kernelOf } from '../base/kernel'
import { excerpt } from '../base/visible'
import type {
  CountCommand,
  CpuCommand,
  DropCommand,
  DumpCommand,
  ExclusiveCommand,
  ExitCommand,
  ForkCommand,
  HoldCommand,
  InnerCommand,
  MapCommand,
  MirrorCommand,
  OomReapCommand,
  PinCommand,
  ReadCommand,
  ReclaimCommand,
  RemapCommand,
  TruncateCommand,
  WatchCommand,
  WriteCommand,
} from './ast'
import { dumpLines } from './dump'
import { refusal, type Steps, untilDone } from './execution'
import { PAGE_BYTES, placeRegion, regionEnd } from './layout'
import { Regions } from './regions'
import { dropRunnerPage, noteUserfault, shareRunnerPage } from './runner-page'
import { Runs } from './runs'
import { Misuse, OTHER_OWNER, type Pages, type TaskOf, type World } from './world'

const DUMPED_AT_ONCE = 4096

/** Carry out any command except `migrate` and `evict`. */
export function execute(world: World, command: InnerCommand | WatchCommand, taskOf: TaskOf): Steps {
  switch (command.verb) {
    case 'map':
      return map(world, command, taskOf)
    case 'remap':
      return remap(world, command, taskOf)
    case 'truncate':
      return truncate(world, command, taskOf)
    case 'write':
      return write(world, command, taskOf)
    case 'read':
      return read(world, command, taskOf)
    case 'fork':
      return fork(world, command, taskOf)
    case 'exit':
      return exit(world, command)
    case 'pin':
      return pin(world, command, taskOf)
    case 'hold':
    case 'isolate':
      return atOnce(() => hold(world, command))
    case 'drop':
      return atOnce(() => drop(world, command))
    case 'dump':
      return atOnce(() => dump(world, command))
    case 'count':
      return atOnce(() => count(world, command))
    case 'watch':
      return atOnce(() => watch(world, command))
    case 'reclaim':
      return atOnce(() => reclaim(world, command))
    case 'oom-reap':
      return oomReap(world, command)
    case 'cpu':
      return atOnce(() => moveToCpu(world, command))
    case 'exclusive':
      return exclusive(world, command, taskOf)
    case 'mirror':
      return mirror(world, command, taskOf)
    default:
      return systemCall(world, command, taskOf)
  }
}

/** A command that never waits. */
// biome-ignore lint/correctness/useYield: it has the form of those that can wait.
function* atOnce(command: () => string[]): Steps {
  return command()
}

type SystemCall = Extract<InnerCommand, { verb: 'unmap' | 'protect' | 'advise' | 'lock' | 'unlock' | 'clear' | 'uffd' }>

/** The commands that are one call without a result; `uffd … wp` is two. */
function* systemCall(world: World, command: SystemCall, taskOf: TaskOf): Steps {
  const task = taskOf(world.actor(command.process))
  if (command.verb === 'clear') {
    yield* untilDone(() => task.clearSoftDirty())
    return []
  }
  const { address, count } = world.pages(command.process, command.place)
  if (command.verb === 'uffd') yield* noteUserfault(world, world.actor(command.process))
  yield* untilDone(() => {
    switch (command.verb) {
      case 'unmap':
        return task.unmap(address, count)
      case 'protect':
        return task.protect(address, count, command.prot)
      case 'advise':
        return task.advise(address, count, command.advice)
      case 'lock':
        return task.lock(address, count)
      case 'unlock':
        return task.unlock(address, count)
      case 'uffd':
        return task.registerUserfault(address, count, { wp: command.wp })
    }
  })
  if (command.verb === 'uffd' && command.wp) yield* untilDone(() => task.writeProtectUserfault(address, count))
  return []
}

/** The region is there while mmap() waits, and if it fails: then nothing is mapped in it. */
function* map(world: World, command: MapCommand, taskOf: TaskOf): Steps {
  const actor = world.actor(command.process)
  world.checkFreeRegion(actor, command.region)
  const task = taskOf(actor)
  const { kind, pages } = command
  const region = placeRegion(command.region, pages, actor.end, command.at2m || kind === 'hugetlb')
  actor.end = regionEnd(region)
  actor.regions.add(region)
  const prot = command.readOnly ? 'r' : 'rw'
  yield* untilDone(() => task.map({ address: region.address, pages, kind, prot }))
  if (kind === 'hugetlb' || kind === 'special') return []
  yield* untilDone(() => task.advise(region.address, pages, command.thp ? 'hugepage' : 'nohugepage'))
  return []
}

/** The new region is there as that of a `map` is. */
function* remap(world: World, command: RemapCommand, taskOf: TaskOf): Steps {
  const { actor, address, count } = world.pages(command.process, command.place)
  world.checkFreeRegion(actor, command.region)
  const task = taskOf(actor)
  const region = placeRegion(command.region, count, actor.end)
  actor.end = regionEnd(region)
  actor.regions.add(region)
  yield* untilDone(() => task.remap(address, count, { address: region.address }))
  return []
}

/** The file is that of the first mapping in the region. */
function* truncate(world: World, command: TruncateCommand, taskOf: TaskOf): Steps {
  const place = { region: command.region, first: undefined, last: undefined }
  const { actor, region } = world.pages(command.process, place)
  const task = taskOf(actor)
  const first = actor.process.mappings().find(({ start, end }) => end > region.address && start < regionEnd(region))
  const address = Math.max(first?.start ?? 0, region.address)
  yield* untilDone(() => task.truncate(address, command.pages))
  return []
}

function* write(world: World, command: WriteCommand, taskOf: TaskOf): Steps {
  const runs = new Runs()
  const pages = world.pages(command.process, command.place)
  const task = taskOf(pages.actor)
  for (let page = pages.first; page <= pages.last; page++) {
    const address = pageAddress(pages, page)
    let outcome = task.tryStore(address, command.value)
    while (outcome === 'blocked') {
      yield
      outcome = task.tryStore(address, command.value)
    }
    runs.add(page, outcome)
  }
  return runs.isAll('ok') ? [] : [runs.toString()]
}

function* read(world: World, command: ReadCommand, taskOf: TaskOf): Steps {
  const runs = new Runs()
  const pages = world.pages(command.process, command.place)
  const task = taskOf(pages.actor)
  for (let page = pages.first; page <= pages.last; page++) {
    const address = pageAddress(pages, page)
    let load = task.tryLoad(address)
    while (load.outcome === 'blocked') {
      yield
      load = task.tryLoad(address)
    }
    runs.add(page, load.outcome === 'ok' ? hexByte(load.value) : load.outcome)
  }
  return [runs.toString()]
}

function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

function pageAddress(pages: Pages, page: number): number {
  return pages.region.address + page * PAGE_BYTES
}

/** The child knows the regions that its parent had when the call began. */
function* fork(world: World, command: ForkCommand, taskOf: TaskOf): Steps {
  const parent = world.actor(command.process)
  if (world.actors.has(command.child))
    throw new Misuse(`process ${excerpt(command.child)} lives; the child needs another name`)
  const task = taskOf(parent)
  const before = { ...parent, regions: new Regions(parent.regions) }
  const child = yield* untilDone(() => task.fork())
  world.addActor(command.child, child, before)
  shareRunnerPage(parent.process, child)
  return []
}

function* exit(world: World, command: ExitCommand): Steps {
  const actor = world.actor(command.process)
  world.actors.delete(command.process)
  while (!triedUnlessBusy(() => actor.process.exit())) yield
  dropRunnerPage(actor.process)
  return []
}

/**
 * Whether a call was made. A process can't end before its tasks have left the calls in which they wait, and before it has
 * closed its files. No command finds it any more.
 */
function triedUnlessBusy(call: () => void): boolean {
  try {
    call()
    return true
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof HmmuError && (error.code === 'HMMU_BUSY' || error.code === 'HMMU_BLOCKED')
}

function* pin(world: World, command: PinCommand, taskOf: TaskOf): Steps {
  const pages = world.pages(command.process, command.place)
  world.checkFreeHandle(command.handle)
  const task = taskOf(pages.actor)
  const { write, dma, longterm } = command
  const refs: PageRef[] = []
  try {
    for (let page = pages.first; page <= pages.last; page++) {
      const address = pageAddress(pages, page)
      refs.push(yield* untilDone(() => task.pin(address, { write, dma, longterm })))
    }
  } catch (error) {
    for (const ref of refs) ref.drop()
    throw error
  }
  world.handles.set(command.handle, refs)
  return []
}

/** The driver gives a page back at once, as if its tables were written. */
function* exclusive(world: World, command: ExclusiveCommand, taskOf: TaskOf): Steps {
  const runs = new Runs()
  const pages = world.pages(command.process, command.place)
  const task = taskOf(pages.actor)
  for (let page = pages.first; page <= pages.last; page++) {
    const address = pageAddress(pages, page)
    runs.add(page, yield* refusable(() => makeExclusive(task, address)))
  }
  return [runs.toString()]
}

function makeExclusive(task: Task, address: number): string {
  const ref = task.makeDeviceExclusive(address)
  ref?.drop()
  return ref === undefined ? '-' : 'ok'
}

/** hmm_range_fault() over all pages; the device has its owner, and another owner has nothing. */
function* mirror(world: World, command: MirrorCommand, taskOf: TaskOf): Steps {
  const { actor, address, count, first } = world.pages(command.process, command.place)
  const task = taskOf(actor)
  const { fault, write } = command
  const owner = command.owner === 'other' ? OTHER_OWNER : undefined
  return [
    yield* refusable(() => {
      const runs = new Runs()
      task
        .mirror(address, count, { fault, write, owner })
        .forEach((page, i) => void runs.add(first + i, mirroredText(page)))
      return runs.toString()
    }),
  ]
}

function mirroredText({ valid, write, error, order, device, coherent }: MirroredPage): string {
  const kind = (coherent && ' coh') || (device && ' dev') || ''
  const flags = `${valid ? 'V' : ''}${write ? 'W' : ''}${error ? 'E' : ''}`
  return `${flags || '-'}${order ? ` o${order}` : ''}${kind}`
}

/** The result of a call that waits, or the errno if the kernel refuses it. */
function* refusable(call: () => string): Generator<void, string> {
  try {
    return yield* untilDone(call)
  } catch (error) {
    const errno = refusal(error)
    if (errno === undefined) throw error
    return errno
  }
}

function hold(world: World, command: HoldCommand): string[] {
  const { actor, address, count, region } = world.pages(command.process, command.place)
  if (count !== 1) throw new Misuse(`${command.verb} takes one page, ${excerpt(region.name)} has ${count} here`)
  world.checkFreeHandle(command.handle)
  const { process } = actor
  const ref = command.verb === 'hold' ? process.hold(address) : process.isolate(address)
  world.handles.set(command.handle, [ref])
  return []
}

function drop(world: World, command: DropCommand): string[] {
  const refs = world.handle(command.handle)
  world.handles.delete(command.handle)
  for (const ref of refs) ref.drop()
  return []
}

function dump(world: World, command: DumpCommand): string[] {
  const { actor, address, first, count } = world.pages(command.process, command.place)
  return dumpLines(entriesOf(actor.process, address, count), first, world.frames, kernelOf(world.machine.profile))
}

/** The entries of pages, a few at a time: a region may have more than the host has memory for. */
function* entriesOf(process: Process, address: number, count: number): Generator<PageEntry> {
  for (let done = 0; done < count; done += DUMPED_AT_ONCE) {
    yield* process.dump(address + done * PAGE_BYTES, Math.min(DUMPED_AT_ONCE, count - done))
  }
}

/** A page that can't be reclaimed stays. */
function reclaim(world: World, command: ReclaimCommand): string[] {
  const { actor, address, count } = world.pages(command.process, command.place)
  actor.process.reclaimPages(address, count)
  return []
}

/** The reaper does not wait: it comes back when mmap_sem is free. */
function* oomReap(world: World, command: OomReapCommand): Steps {
  const { process } = world.actor(command.process)
  while (!triedUnlessBusy(() => process.oomReap())) yield
  return []
}

function moveToCpu(world: World, command: CpuCommand): string[] {
  const { cpus } = world.machine
  if (command.cpu >= cpus) throw new Misuse(`there is no CPU ${command.cpu}; the machine has ${cpus}`)
  world.actor(command.process).process.mainTask.setCpu(command.cpu)
  return []
}

function count(world: World, command: CountCommand): string[] {
  const { anon, file, shmem, swap } = world.actor(command.process).process.counters()
  const { deviceFree, coherentPages, coherentFree, swapFree, swapPages } = world.machine.counters()
  const showsSwap = swapPages > 0 && kernelOf(world.machine.profile) !== 'linux-4.14'
  const coherent = coherentPages > 0 ? [`cohfree=${coherentFree}`] : []
  const free = [`devfree=${deviceFree}`, ...coherent, ...(showsSwap ? [`swapfree=${swapFree}`] : [])]
  return [`anon=${anon} file=${file} shmem=${shmem} swap=${swap}`, free.join(' ')]
}

function watch(world: World, command: WatchCommand): string[] {
  const actor = world.actor(command.process)
  actor.process.watch()
  world.watched.set(actor.process.pid, actor)
  return []
}
