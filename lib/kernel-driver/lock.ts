// SPDX-License-Identifier: GPL-2.0-only

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemReason, waitBriefly } from '../base/system'
import { KernelDriverError } from './errors'

/** Does something in a folder, which is made if need be, while no other process does so. @throws KernelDriverError */
export function withFolder<T>(folder: string, action: () => T): T {
  const lock = join(folder, 'lock')
  try {
    mkdirSync(folder, { recursive: true })
    while (!takes(lock)) waitBriefly()
  } catch (error) {
    throw new KernelDriverError('HMMU_DRIVER_FILE', `${folder}: can't be written to: ${systemReason(error)}`)
  }
  try {
    return action()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Makes the file of the lock. A process that has ended no longer has it. */
function takes(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (!isHeld(lock)) rmSync(lock, { force: true })
    return false
  }
}

function isHeld(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    // Its holder may be about to write its number.
    return pid === 0 || process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
