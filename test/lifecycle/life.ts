// SPDX-License-Identifier: GPL-2.0-only
//
// The life of a machine: random calls on its objects. All objects are found through the machine, so that a copy can go
// on at the place of its original. The function uses nothing from outside, so that its text can be given to a worker
// thread.

import type { CustomDriver, Machine, PageRefKind, Process, Task } from '../../lib'

/** The state of a life, besides that of its machine. */
export interface Life {
  /** State of the random numbers. */
  seed: number
  /** References that are held. */
  refs: { readonly kind: PageRefKind; readonly pfn: number }[]
}

/** Makes one call; returns its result in words. */
export function live(machine: Machine, life: Life): string {
  const below = (limit: number): number => {
    life.seed = (Math.imul(life.seed, 1664525) + 1013904223) >>> 0
    return Math.floor((life.seed / 2 ** 32) * limit)
  }
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const keep = ({ kind, pfn }: Life['refs'][number]) => life.refs.push({ kind, pfn })

  type Action = (process: Process, task: Task, start: number, pages: number) => unknown
  const actions: Record<string, Action> = {
    map: (_, task) => {
      const kind = pick(['anon', 'anon', 'shmem', 'file', 'sharedfile'] as const)
      return task.map({ pages: 1 + below(6), kind, alignHuge: below(4) === 0 }).address
    },
    mapHuge: (_, task) => task.map({ pages: 512, alignHuge: true }).advise('hugepage'),
    unmap: (_, task, start, pages) => task.unmap(start, pages),
    remap: (_, task, start, pages) => task.remap(start, pages, { pages: 1 + below(8), mayMove: true }).address,
    protect: (_, task, start, pages) => task.protect(start, pages, pick(['rw', 'r', 'none'] as const)),
    advise: (_, task, start, pages) => task.advise(start, pages, pick(['dontneed', 'free', 'hugepage'] as const)),
    lock: (_, task, start, pages) => task.lock(start, pages),
    unlock: (_, task, start, pages) => task.unlock(start, pages),
    store: (_, task, start) => task.tryStore(start, below(256)),
    storeMany: (_, task, start, pages) => task.store(start, new Uint8Array(pages * 4096).fill(below(256))),
    load: (_, task, start) => task.tryLoad(start).outcome,
    toDevice: (_, task, start, pages) => task.migrate({ start, pages }, { to: 'device' }).moved,
    toSystem: (_, task, start, pages) => task.migrate({ start, pages }, { to: 'system' }).moved,
    byDriver: (_, task, start, pages) => {
      const driver: CustomDriver = { allocAndCopy: (all, context) => void context.moveToDevice(all.at(0)) }
      return task.migrate({ start, pages }, driver).entries.map(({ why }) => why)
    },
    pin: (_, task, start) => keep(task.pin(start, { write: below(2) === 0 })),
    hold: (process, _, start) => keep(process.hold(start)),
    isolate: (process, _, start) => keep(process.isolate(start)),
    drop: () => {
      const [ref] = life.refs.splice(below(life.refs.length), 1)
      if (ref) machine.pageRef(ref).drop()
    },
    reclaim: (process, _, start) => process.reclaim(start),
    drain: () => machine.drainPagevecs(),
    process: () => machine.processes.length < 4 && machine.process().pid,
    fork: (_, task) => machine.processes.length < 4 && task.fork().pid,
    exit: (process) => machine.processes.length > 1 && process.exit(),
    newTask: (process) => process.tasks.length < 4 && process.newTask().tid,
    destroy: (_, task) => task.destroy(),
    cancel: (_, task) => task.cancel(),
    cpu: (_, task) => task.setCpu(below(machine.cpus)),
    clear: (_, task) => task.clearSoftDirty(),
    record: () => machine.recordEvents(['stage', 'tlb_flush', 'page_fault']),
    events: () => machine.takeEvents().length,
  }

  const process = machine.processes.length > 0 ? pick(machine.processes) : machine.process()
  const mappings = process.mappings()
  const vma = mappings.length > 0 ? pick(mappings) : { start: 0x100000, pages: 1 }
  const first = below(Math.min(vma.pages, 8))
  const pages = 1 + below(Math.min(vma.pages - first, 8))
  const name = pick(Object.keys(actions))
  const task = pick(process.tasks)
  try {
    const result = actions[name]?.(process, task, vma.start + first * 4096, pages)
    return `${name} of ${process.pid}.${task.tid}: ${result}`
  } catch (error) {
    const { code, errno, message } = error as { code?: string; errno?: string; message: string }
    if (code === undefined) throw error
    return `${name} of ${process.pid}.${task.tid}: ${code} ${errno ?? ''} ${message}`
  }
}

/** Options of the machines of these tests. */
export const LIFE_OPTIONS = { ramPages: 4096, devicePages: 32, cpus: 2, swapPages: 16 }
