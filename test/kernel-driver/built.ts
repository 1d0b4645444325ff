// SPDX-License-Identifier: GPL-2.0-only
//
// Drivers for tests, compiled as `hmmu driver build` does, and machines for them.

import { join } from 'node:path'
import { addonInfo, ioctlNumber, Machine, type MachineOptions } from '../../lib'
import { buildDriver } from '../../lib/kernel-driver'

const ROOT = join(__dirname, '../..')

/** Whether this host and this backend run drivers. */
export const runsDrivers = process.platform === 'linux' && addonInfo.backend === 'native'

/** Each test file has a folder of its own, as they run at the same time. */
function build(source: string, folder: string): string {
  const { module } = buildDriver({ sources: [join(ROOT, source)], out: join(ROOT, `build-drivers/${folder}`) })
  if (module === undefined) throw new Error(`${source} has made no library`)
  return module
}

/** The library of test/kernel-driver/probe.c. */
export const buildProbe = (folder: string) => build('test/kernel-driver/probe.c', `${folder}-probe`)
/** The library of the example that users copy. */
export const buildTinymem = (folder: string) =>
  build('examples/kernel-drivers/tinymem/driver/tinymem.c', `${folder}-tinymem`)

/** The numbers of probe.c. */
export const Probe = {
  fail: 0,
  bug: 1,
  keepLock: 2,
  waitForEver: 3,
  leak: 4,
  queue: 5,
  worked: 6,
  lockPage: 7,
  copy: 8,
  print: 9,
  opened: 10,
  level: 11,
} as const

export const probe = (what: keyof typeof Probe) => ioctlNumber('none', 'p', Probe[what])

export const machineFor = (more: MachineOptions = {}) =>
  new Machine({ profile: 'linux-6.12', ramPages: 1024, devicePages: 64, ...more })
