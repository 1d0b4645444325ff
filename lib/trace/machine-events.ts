// SPDX-License-Identifier: GPL-2.0-only
//
// Turns a machine's events into events of a trace. Names are those of the kernel's tracepoints, with their subsystem,
// or else of the kernel's functions.

import { type EventName, type MachineEvent, stageNames, whyNames } from '../index'
import type { Trace, TraceThread } from './trace'

/** The types of events in a trace. */
export const TRACED_EVENTS: readonly EventName[] = [
  'stage',
  'page_fault',
  'device_fault',
  'device_fault_end',
  'give_up',
  'invalidate_start',
  'invalidate_end',
  'invalidate_range',
  'tlb_flush',
  'stale_tlb',
  'out_of_bounds',
  'unwritten',
]

const STAGE_SLICES: Readonly<Record<string, string>> = {
  collect: 'migrate_vma_collect',
  prepare: 'migrate_vma_prepare',
  unmap: 'migrate_vma_unmap',
  pages: 'migrate_vma_pages',
  finalize: 'migrate_vma_finalize',
}

const hex = (value: number) => `0x${value.toString(16)}`

/** The slice of a stage: the kernel's function, or the driver's. */
function stageSlice(stage: number): string {
  const name = stageNames[stage] ?? ''
  return STAGE_SLICES[name] ?? name
}

/** Adds the events of one thread to a trace. */
export class EventWriter {
  readonly #trace: Trace
  readonly #thread: TraceThread
  /**
   * The stage that was entered last. In the trace it begins with the next event: a migration that has stopped after a
   * callback has already entered the next stage, and the actions of other tasks would seem to belong to that stage.
   */
  #entered: MachineEvent | undefined

  constructor(trace: Trace, thread: TraceThread) {
    this.#trace = trace
    this.#thread = thread
  }

  write(event: MachineEvent): void {
    this.release()
    if (event.type === 'stage') this.#entered = event
    else this.#write(event)
    if (event.type === 'stage' && stageNames[event.b] === 'done') this.release()
  }

  /** Writes the stage that was held back. */
  release(): void {
    const event = this.#entered
    this.#entered = undefined
    if (event) this.#stage(event)
  }

  #stage({ a, b, cycles }: MachineEvent): void {
    const [trace, thread] = [this.#trace, this.#thread]
    const name = stageNames[b]
    if (name === 'collect') trace.begin(thread, 'migrate', 'migrate_vma', { start: hex(a) }, cycles)
    else trace.end(thread, trace.open(thread).at(-1) ?? '', {}, cycles)
    if (name === 'done') trace.end(thread, 'migrate_vma', {}, cycles)
    else trace.begin(thread, 'migrate', stageSlice(b), {}, cycles)
  }

  #write({ type, kind, a, b, cycles }: MachineEvent): void {
    const begin = (category: string, name: string, args: Record<string, string | number>) =>
      this.#trace.begin(this.#thread, category, name, args, cycles)
    const instant = (category: string, name: string, args: Record<string, string | number>) =>
      this.#trace.instant(this.#thread, category, name, args, cycles)
    const range = { start: hex(a), end: hex(b) }
    switch (type) {
      case 'page_fault':
        instant('exceptions', 'exceptions:page_fault_user', { address: hex(a), access: b ? 'write' : 'read' })
        break
      case 'device_fault':
        begin('fault', 'device_private_entry_fault', { address: hex(a), pfn: b })
        break
      case 'device_fault_end':
        this.#trace.end(this.#thread, 'device_private_entry_fault', { result: b ? 'SIGBUS' : 'retry' }, cycles)
        break
      case 'give_up':
        instant('migrate', 'give_up', { address: hex(a), reason: whyNames[b] ?? b })
        break
      case 'invalidate_start':
        begin('mmu_notifier', 'mmu_notifier range', kind ? { ...range, kind } : range)
        break
      case 'invalidate_end':
        this.#trace.end(this.#thread, 'mmu_notifier range', {}, cycles)
        break
      case 'invalidate_range':
        instant('mmu_notifier', 'mmu_notifier_invalidate_range', range)
        break
      case 'tlb_flush':
        instant('tlb', 'tlb:tlb_flush', range)
        break
      case 'stale_tlb':
        instant('tlb', 'stale translation', { address: hex(a), pfn: b })
        break
      case 'unwritten':
        instant('migrate', 'page that the driver never wrote', { address: hex(a), pfn: b })
        break
      default:
        instant('machine', type, { a, b })
        break
    }
  }
}
