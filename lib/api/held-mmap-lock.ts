// SPDX-License-Identifier: GPL-2.0-only

import { HmmuError } from '../base/errors'
import { type Core, requireCore } from './core'
import { asText, showsItself, stateOf } from './inspect'

/** mmap_sem (in 6.12 mmap_lock) of a process, taken by {@link Task.mmapReadLock} or {@link Task.mmapWriteLock}.
 * {@link HeldMmapLock.unlock} gives it up, once. */
export class HeldMmapLock {
  /** The task that has it. */
  readonly tid: number
  /** For writing: nobody else has it, and nobody else faults. */
  readonly write: boolean
  readonly #core: Core
  #unlocked = false

  /** @internal */
  static make(core: Core, tid: number, write: boolean): HeldMmapLock {
    return new HeldMmapLock(core, tid, write)
  }

  private constructor(core: Core, tid: number, write: boolean) {
    this.#core = requireCore(core, 'mmapReadLock() and mmapWriteLock() take mmap_lock')
    this.tid = tid
    this.write = write
  }

  /** Whether it was given up. */
  get unlocked(): boolean {
    return this.#unlocked
  }

  /**
   * mmap_read_unlock(), mmap_write_unlock(). A migration that the task has begun keeps the lock until it ends.
   * @throws HmmuError HMMU_REFERENCE: it was given up before. HMMU_BUSY: a call of the task waits
   */
  unlock(): void {
    if (this.#unlocked) {
      throw new HmmuError('HMMU_REFERENCE', `mmap_lock of task ${this.tid} was given up before`, { errno: 'EINVAL' })
    }
    this.#core.check(this.#core.native.mmapUnlock(this.tid))
    this.#unlocked = true
  }

  /** Gives the lock up unless that has been done, or the machine is gone. */
  [Symbol.dispose](): void {
    if (!this.#unlocked && !this.#core.disposed) this.unlock()
  }

  /** What JSON has. */
  toJSON(): object {
    const { tid, write, unlocked } = this
    return { tid, write, unlocked }
  }

  /** @internal */
  [stateOf](): object {
    return { is: 'HeldMmapLock', machine: this.#core.machine, ...this.toJSON() }
  }

  /** @internal */
  [asText](): string {
    return `HeldMmapLock { task ${this.tid}, for ${this.write ? 'writing' : 'reading'}${this.#unlocked ? ', given up' : ''} }`
  }

  static {
    showsItself(HeldMmapLock.prototype)
  }
}
