// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu: Linux's migrate_vma() in an ordinary process. Everything public is exported here.
//
// The declarations need Symbol.dispose, and bring its library themselves. Names that are marked as internal are not in them.

/// <reference lib="esnext.disposable" preserve="true" />

export { type AddonInfo, addonInfo, type Backend } from './binding'
export {
  type AccessOutcome,
  type LoadOutcome,
  type MapOptions,
  type PageRange,
  type PinOptions,
  type RemapOptions,
  SystemCalls,
} from './calls'
export type { RestoreOptions } from './copies'
export * from './defs.generated'
export { type BuiltinDriver, type CustomDriver, type Driver, DriverContext } from './driver'
export { MigrationEntries, MigrationEntry } from './entries'
export { HmmuError, type HmmuErrorCode, type HmmuErrorDetail } from './errors'
export type { LeakedPage } from './leaks'
export { type DeviceFault, type DeviceFaultHandler, Machine, type PageFreeHandler } from './machine'
export { Mapping } from './mapping'
export { Migration, type MigrationRange, MigrationResult } from './migration'
export type { MachineOptions } from './options'
export { PageRef, type PageRefKind } from './page-ref'
export { type InvalidateHandler, type Invalidation, Process, type ProcessCounters } from './process'
export { type MachineEvent, PageEntry, type PageInfo, type Prot, pageFlagNames, type VmaInfo } from './records'
export { type Job, roundRobin } from './schedule'
export { MachineStats, type SpanCounts, type StatsNode } from './stats'
export { Task, type TaskState } from './task'
export { PAGE_SIZE } from './validate'
