// SPDX-License-Identifier: GPL-2.0-only
//
// hmmu: Linux's migrate_vma() in an ordinary process, for Node. Everything public is exported here.

/// <reference lib="esnext.disposable" preserve="true" />

export * from './api'
export { type AddonInfo, addonInfo, type Backend } from './native/load'
export { type MachineRecorder, recorderOf, recordMachine, recordMachines, viewMachine } from './record/live'
export type * from './record/types'
