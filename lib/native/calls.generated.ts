// SPDX-License-Identifier: GPL-2.0-only
// Made by scripts/generate/defs.mjs from native/core/host/calls.h; do not edit.

/** Calls that take and return plain numbers. Each stands for the function of hmmu.h that the list names. */
export interface PlainCalls {
  drain(): number
  mark(): number
  rollback(): number
  markDrop(): number
  marks(): number
  setSwitchPoints(points: number): number
  switchPoints(): number
  inject(injection: number, nth: number, forever: boolean): number
  injectPasses(injection: number): number
  memcgSetLimit(pages: number): number
  memcgCharged(): number
  quirks(): number
  processCreate(): number
  processAlive(pid: number): number
  processTask(pid: number): number
  fork(tid: number): number
  exit(pid: number): number
  oomReap(pid: number): number
  taskCreate(pid: number): number
  taskDestroy(tid: number): number
  taskCancel(tid: number): number
  taskSetCpu(tid: number, cpu: number): number
  unmap(tid: number, address: number, length: number): number
  remap(tid: number, address: number, oldSize: number, newSize: number, flags: number, target: number): number
  protect(tid: number, address: number, length: number, prot: number): number
  advise(tid: number, address: number, length: number, advice: number): number
  truncate(tid: number, address: number, pages: number): number
  lock(tid: number, address: number, length: number): number
  unlock(tid: number, address: number, length: number): number
  clearSoftDirty(tid: number): number
  mmapLock(tid: number, write: boolean): number
  mmapUnlock(tid: number): number
  registerUserfault(tid: number, address: number, length: number, modes: number): number
  writeProtectUserfault(tid: number, address: number, length: number, on: boolean): number
  pin(tid: number, address: number, flags: number): number
  unpin(pfn: number, flags: number): number
  hold(pid: number, address: number): number
  release(pfn: number): number
  isolate(pid: number, address: number): number
  putback(pfn: number): number
  reclaim(pid: number, address: number): number
  reclaimPages(pid: number, address: number, pages: number): number
  pageSetFlags(pfn: number, flags: number): number
  recordEvents(mask: number): number
  eventsRecorded(): number
  watch(pid: number): number
  intervalInsert(pid: number, start: number, length: number, owner: number): number
  intervalRemove(notifier: number): number
  intervalReadBegin(notifier: number): number
  intervalReadRetry(notifier: number, seq: number): number
  intervalSetSeq(notifier: number, seq: number): number
  timeEvents(on: boolean): number
  statsEnable(on: boolean): number
  deviceBase(): number
  coherentBase(): number
  deviceAlloc(): number
  deviceAllocOf(device: number): number
  deviceCreate(kind: number, pages: number, owner: number): number
  deviceRemove(device: number): number
  deviceSetFaultWindow(device: number, pages: number): number
  deviceFaultWindow(device: number): number
  deviceAllocPage(pfn: number): number
  pageAlloc(): number
  pageTrylock(pfn: number): number
  pageUnlock(pfn: number): number
  pagePut(pfn: number): number
  makeDeviceExclusive(tid: number, address: number, owner: number): number
  pageCopy(to: number, from: number): number
  pageZero(pfn: number): number
  destinationsLeft(to: number, device: number): number
}

/** The names of {@link PlainCalls}. */
export const plainCallNames = [
  'drain',
  'mark',
  'rollback',
  'markDrop',
  'marks',
  'setSwitchPoints',
  'switchPoints',
  'inject',
  'injectPasses',
  'memcgSetLimit',
  'memcgCharged',
  'quirks',
  'processCreate',
  'processAlive',
  'processTask',
  'fork',
  'exit',
  'oomReap',
  'taskCreate',
  'taskDestroy',
  'taskCancel',
  'taskSetCpu',
  'unmap',
  'remap',
  'protect',
  'advise',
  'truncate',
  'lock',
  'unlock',
  'clearSoftDirty',
  'mmapLock',
  'mmapUnlock',
  'registerUserfault',
  'writeProtectUserfault',
  'pin',
  'unpin',
  'hold',
  'release',
  'isolate',
  'putback',
  'reclaim',
  'reclaimPages',
  'pageSetFlags',
  'recordEvents',
  'eventsRecorded',
  'watch',
  'intervalInsert',
  'intervalRemove',
  'intervalReadBegin',
  'intervalReadRetry',
  'intervalSetSeq',
  'timeEvents',
  'statsEnable',
  'deviceBase',
  'coherentBase',
  'deviceAlloc',
  'deviceAllocOf',
  'deviceCreate',
  'deviceRemove',
  'deviceSetFaultWindow',
  'deviceFaultWindow',
  'deviceAllocPage',
  'pageAlloc',
  'pageTrylock',
  'pageUnlock',
  'pagePut',
  'makeDeviceExclusive',
  'pageCopy',
  'pageZero',
  'destinationsLeft',
] as const
