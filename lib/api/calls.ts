// SPDX-License-Identifier: GPL-2.0-only
//
// The system calls and memory accesses that a task, or a process through its main task, can make.

import {
  type Advice,
  adviceValues,
  type MapKind,
  mapKindValues,
  PinBit,
  ProtBit,
  RemapBit,
  UserfaultBit,
} from '../base/defs.generated'
import { HmmuError } from '../base/errors'
import { address, boolean, bytes, integer, invalid, MOST_PAGES, oneOf, options, PAGE_SIZE } from '../base/validate'
import { type AccessOutcome, type LoadOutcome, outcomes } from './access-outcome'
import type { Core } from './core'
import type { Driver } from './driver'
import { DriverMigration, type MigrateVmaOptions } from './driver-migration'
import { HeldMmapLock } from './held-mmap-lock'
import { type Loader, Loads } from './loads'
import { Mapping } from './mapping'
import { Migration, migrate } from './migration'
import type { MigrationResult } from './migration-result'
import { IntervalNotifier, type MirroredPage, MirroredWords, type MirrorOptions, prepareMirror } from './mirror'
import { type PageRange, rangeOf } from './page-range'
import { PageRef, type PageRefKind } from './page-ref'
import type { Process } from './process'
import type { Prot } from './records'
import type { MigrationRange } from './request'
import { DEFAULT_OWNER } from './selection'

/** Options of {@link SystemCalls.map}. */
export interface MapOptions {
  /** How many pages; 1 by default. */
  readonly pages?: number | undefined
  /** The kind of mapping; `'anon'` by default. */
  readonly kind?: MapKind | undefined
  /** Access rights; `'rw'` by default. */
  readonly prot?: Prot | undefined
  /** Where, page aligned; by default above all other mappings. */
  readonly address?: number | undefined
  /** Put a mapping without `address` on a 2 MiB boundary (else it starts 1 MiB above one). */
  readonly alignHuge?: boolean | undefined
}

/** Options of {@link SystemCalls.remap}. */
export interface RemapOptions {
  /** How many pages it has afterwards; as many as before by default. */
  readonly pages?: number | undefined
  /** MREMAP_FIXED: the new address, page aligned. Mappings there are unmapped first. */
  readonly address?: number | undefined
  /** MREMAP_MAYMOVE: it may move when it can't grow where it is; by default only if `address` is given. */
  readonly mayMove?: boolean | undefined
}

/** Options of {@link SystemCalls.pin}. */
export interface PinOptions {
  /** FOLL_WRITE: as for a store. */
  readonly write?: boolean | undefined
  /** FOLL_PIN: pin_user_pages() in place of get_user_pages(), for a device that reads or writes the page. Linux 6.12. */
  readonly dma?: boolean | undefined
  /** FOLL_LONGTERM, with `dma`, which it includes: a device-coherent page goes to RAM first. Linux 6.12. */
  readonly longterm?: boolean | undefined
}

/** @internal The flags of a pin. */
export function pinFlags(given: PinOptions | undefined): number {
  const { write = false, dma = false, longterm = false } = options('options', given, ['write', 'dma', 'longterm'])
  return (
    (boolean('write', write) ? PinBit.WRITE : 0) |
    (boolean('dma', dma) ? PinBit.DMA : 0) |
    (boolean('longterm', longterm) ? PinBit.LONGTERM | PinBit.DMA : 0)
  )
}

/** Options of {@link SystemCalls.makeDeviceExclusive}. */
export interface ExclusiveOptions {
  /** Whose events the notifiers are told of: a driver knows its own by it. By default that of the machine's device, 1. */
  readonly owner?: number | undefined
}

/** Options of {@link SystemCalls.registerUserfault}: the modes, one at least. */
export interface UserfaultOptions {
  /** A fault on a missing page is a userfault; by default unless `wp` is given. */
  readonly missing?: boolean | undefined
  /** A store to a page that {@link SystemCalls.writeProtectUserfault} protects is a userfault. Linux 6.12. */
  readonly wp?: boolean | undefined
}

const protValues: Readonly<Record<Prot, number>> = { rw: ProtBit.READ | ProtBit.WRITE, r: ProtBit.READ, none: 0 }

export let copyWaiting: (to: SystemCalls, from: SystemCalls) => void

/**
 * The calls. Ranges are given as a {@link PageRange} or {@link Mapping}, or as address and pages. All of them throw
 * {@link HmmuError}: HMMU_INVALID_ARGUMENT; HMMU_DISPOSED; HMMU_NO_TASK or HMMU_NO_PROCESS when it is gone;
 * HMMU_SYSCALL with the errno of the kernel; HMMU_OUT_OF_FRAMES, HMMU_OUT_OF_SLOTS; HMMU_BLOCKED when the call has to
 * wait.
 */
export abstract class SystemCalls {
  /** @internal */
  protected abstract readonly core: Core
  /** @internal The process whose address space the calls act on. */
  protected abstract readonly owner: Process
  /** @internal The task that makes the calls. */
  protected abstract readonly caller: number
  /** @internal Called when a call has to wait. */
  protected abstract blocked(): void

  readonly #loads = new Loads()
  /** The words of a blocked mirror. */
  readonly #mirrored = new MirroredWords()

  static {
    copyWaiting = (to, from) => {
      to.#loads.copyFrom(from.#loads)
      to.#mirrored.copyFrom(from.#mirrored)
    }
  }

  /** @internal Returns a native result, or throws its error. */
  protected settle(result: number): number {
    return result >= 0 ? result : this.fail(result)
  }

  /** @internal */
  protected fail(result: number, giveBack?: (result: number) => void): never {
    const error = this.core.failure(result, giveBack)
    this.#waits(error)
    throw error
  }

  /**
   * mmap(): maps fresh memory.
   * @throws HmmuError HMMU_SYSCALL with errno `EEXIST`: something is mapped at the given address
   */
  map(mapOptions?: MapOptions): Mapping {
    const given = options('options', mapOptions, ['pages', 'kind', 'prot', 'address', 'alignHuge'])
    const { pages = 1, kind = 'anon', prot = 'rw', address: at = 0, alignHuge = false } = given
    const start = this.settle(
      this.core.native.map(
        this.caller,
        address(at),
        integer('pages', pages, 1, MOST_PAGES),
        oneOf('kind', kind, mapKindValues),
        oneOf('prot', prot, protValues),
        boolean('alignHuge', alignHuge),
      ),
    )
    return Mapping.make(this.owner, start, pages)
  }

  /** munmap(). */
  unmap(range: PageRange): void
  unmap(address: number, pages: number): void
  unmap(...args: [PageRange] | [number, number]): void {
    const { start, length } = rangeOf(this.core, args)
    this.settle(this.core.native.unmap(this.caller, start, length))
  }

  /**
   * mremap(): gives a range another length, another place, or both. A range without pages maps shared memory a second
   * time.
   * @throws HmmuError HMMU_SYSCALL with errno `ENOMEM`: it can't grow there; `EFAULT`: the range is not one mapping's,
   *   or must not grow; `EINVAL`: both ranges overlap, for instance
   */
  remap(range: PageRange, remapOptions?: RemapOptions): Mapping
  remap(address: number, pages: number, remapOptions?: RemapOptions): Mapping
  remap(...args: [PageRange, (RemapOptions | undefined)?] | [number, number, (RemapOptions | undefined)?]): Mapping {
    const range = rangeOf(this.core, args)
    const given = options('options', range.rest as RemapOptions | undefined, ['pages', 'address', 'mayMove'])
    const { pages = range.pages, address: to, mayMove = to !== undefined } = given
    const flags = (boolean('mayMove', mayMove) ? RemapBit.MAYMOVE : 0) | (to !== undefined ? RemapBit.FIXED : 0)
    const length = integer('pages', pages, 1, MOST_PAGES) * PAGE_SIZE
    const start = this.settle(
      this.core.native.remap(this.caller, range.start, range.length, length, flags, address(to ?? 0)),
    )
    return Mapping.make(this.owner, start, pages)
  }

  /** mprotect(). */
  protect(range: PageRange, prot: Prot): void
  protect(address: number, pages: number, prot: Prot): void
  protect(...args: [PageRange, Prot] | [number, number, Prot]): void {
    const { start, length, rest } = rangeOf(this.core, args)
    this.settle(this.core.native.protect(this.caller, start, length, oneOf('prot', rest, protValues)))
  }

  /** madvise(). */
  advise(range: PageRange, advice: Advice): void
  advise(address: number, pages: number, advice: Advice): void
  advise(...args: [PageRange, Advice] | [number, number, Advice]): void {
    const { start, length, rest } = rangeOf(this.core, args)
    this.settle(this.core.native.advise(this.caller, start, length, oneOf('advice', rest, adviceValues)))
  }

  /** ftruncate() of the file that is mapped at an address, for all who map it; it may grow. ENOENT: none is. Linux 6.12. */
  truncate(at: number, pages: number): void {
    this.settle(this.core.native.truncate(this.caller, address(at), integer('pages', pages, 0, MOST_PAGES - 1)))
  }

  /** mlock(). */
  lock(range: PageRange): void
  lock(address: number, pages: number): void
  lock(...args: [PageRange] | [number, number]): void {
    const { start, length } = rangeOf(this.core, args)
    this.settle(this.core.native.lock(this.caller, start, length))
  }

  /** munlock(). */
  unlock(range: PageRange): void
  unlock(address: number, pages: number): void
  unlock(...args: [PageRange] | [number, number]): void {
    const { start, length } = rangeOf(this.core, args)
    this.settle(this.core.native.unlock(this.caller, start, length))
  }

  /** Clears all soft-dirty bits of the process: `echo 4 > /proc/self/clear_refs`. */
  clearSoftDirty(): void {
    this.settle(this.core.native.clearSoftDirty(this.caller))
  }

  /**
   * UFFDIO_REGISTER with UFFD_FEATURE_SIGBUS: a userfault is a SIGBUS.
   * @throws HmmuError HMMU_SYSCALL with errno `EINVAL`: no mode, one that the kernel does not have, or a range that can't
   *   be registered
   */
  registerUserfault(range: PageRange, userfaultOptions?: UserfaultOptions): void
  registerUserfault(address: number, pages: number, userfaultOptions?: UserfaultOptions): void
  registerUserfault(
    ...args: [PageRange, (UserfaultOptions | undefined)?] | [number, number, (UserfaultOptions | undefined)?]
  ): void {
    const { start, length, rest } = rangeOf(this.core, args)
    const given = options('options', rest as UserfaultOptions | undefined, ['missing', 'wp'])
    const { wp = false, missing = !wp } = given
    const modes = (boolean('missing', missing) ? UserfaultBit.MISSING : 0) | (boolean('wp', wp) ? UserfaultBit.WP : 0)
    this.settle(this.core.native.registerUserfault(this.caller, start, length, modes))
  }

  /**
   * UFFDIO_WRITEPROTECT of a range that is registered with `wp`. Linux 6.12.
   * @param on whether the pages are write-protected from now on; true by default
   * @throws HmmuError HMMU_SYSCALL with errno `EINVAL`: a kernel without it; `ENOENT`: the range is not registered so
   */
  writeProtectUserfault(range: PageRange, on?: boolean): void
  writeProtectUserfault(address: number, pages: number, on?: boolean): void
  writeProtectUserfault(...args: [PageRange, (boolean | undefined)?] | [number, number, (boolean | undefined)?]): void {
    const { start, length, rest = true } = rangeOf(this.core, args)
    this.settle(this.core.native.writeProtectUserfault(this.caller, start, length, boolean('on', rest)))
  }

  /** fork(): the child is a new process with its own main task. */
  fork(): Process {
    const result = this.core.native.fork(this.caller)
    if (result >= 0) return this.owner.adopt(result)
    const error = this.core.failure(result)
    if (!this.core.disposed) this.owner.adoptNew()
    this.#waits(error)
    throw error
  }

  /**
   * Loads bytes as the CPU does, faulting as needed.
   * @param at address of the first byte
   * @param length 0 … 2^30
   * @throws HmmuError HMMU_SIGSEGV, HMMU_SIGBUS; its `done` is the number of bytes that were loaded before
   */
  load(at: number, length: number): Uint8Array {
    return this.#loads.load(this.#loader(at), length)
  }

  /**
   * {@link load} into an array of the caller's, all of which is filled: no memory is taken. After an error the bytes that were loaded
   * before are in it. A blocked call goes on with the same array, or another one of that length.
   * @param at address of the first byte
   * @param buffer up to 2^30 bytes, in memory that is not shared
   * @throws HmmuError as {@link load}; HMMU_INVALID_ARGUMENT: it is no Uint8Array, its memory is shared, or gone, also if a handler
   *   that was called meanwhile has given it away
   */
  loadInto(at: number, buffer: Uint8Array): void {
    this.#loads.loadInto(this.#loader(at), buffer)
  }

  #loader(at: number): Loader {
    const start = address(at)
    return {
      core: this.core,
      load: (out) => this.core.native.load(this.caller, start, out),
      waits: (error) => this.#waits(error),
    }
  }

  /**
   * Stores bytes as the CPU does, faulting as needed.
   * @param at address of the first byte
   * @throws HmmuError HMMU_SIGSEGV, HMMU_SIGBUS; its `done` is the number of bytes that were stored before
   */
  store(at: number, data: Uint8Array): void {
    this.settle(this.core.native.store(this.caller, address(at), bytes(data)))
  }

  /** Loads one byte; how the access ends is returned, not thrown. */
  tryLoad(at: number): LoadOutcome {
    const result = this.core.accesses.tryLoad(this.caller, address(at))
    if (result >= 0) return { outcome: 'ok', value: result }
    return { outcome: this.#outcome(result), value: 0 }
  }

  /**
   * Stores one byte; how the access ends is returned, not thrown.
   * @param value 0 … 255
   */
  tryStore(at: number, value: number): AccessOutcome {
    const byte = integer('value', value, 0, 255)
    const result = this.core.accesses.tryStore(this.caller, address(at), byte)
    return result >= 0 ? 'ok' : this.#outcome(result)
  }

  #outcome(result: number): AccessOutcome {
    const outcome = outcomes.get(result)
    if (outcome === undefined) return this.fail(result)
    if (outcome === 'blocked') this.blocked()
    return outcome
  }

  /**
   * get_user_pages() of one page, with FOLL_TOUCH and FOLL_GET: a reference that keeps the page from moving. With `dma`
   * pin_user_pages(): 1024 references. {@link PageRef.drop} gives them back.
   * @throws HmmuError HMMU_SIGSEGV, HMMU_SIGBUS or HMMU_SYSCALL with errno `EFAULT`: there is no such access.
   *   With errno `EBUSY`: `longterm`, and somebody else has a reference to a device-coherent page, so that it can't go to RAM.
   *   HMMU_INVALID_ARGUMENT: `dma` or `longterm`, and the machine's kernel does not have it
   */
  pin(at: number, pinOptions?: PinOptions): PageRef {
    const flags = pinFlags(pinOptions)
    const kind = flags & PinBit.DMA ? 'dma_pin' : 'pin'
    return this.#reference(kind, this.core.native.pin(this.caller, address(at), flags))
  }

  /**
   * mmap_read_lock(): mmap_sem (in 6.12 mmap_lock) of the process, until {@link HeldMmapLock.unlock}. Calls of the task between
   * use it, so the mappings that a driver looks up stay as they are. Snapshots of the machine are refused meanwhile.
   * @throws HmmuError HMMU_BUSY with errno `EDEADLK`: the task has it already, by this call or in a callback.
   *   HMMU_BLOCKED: a writer has it, or waits for it
   */
  mmapReadLock(): HeldMmapLock {
    return this.#mmapLock(false)
  }

  /**
   * mmap_write_lock(): {@link SystemCalls.mmapReadLock} for writing: nobody else has the lock.
   * @throws HmmuError as that; HMMU_BLOCKED: somebody has it
   */
  mmapWriteLock(): HeldMmapLock {
    return this.#mmapLock(true)
  }

  #mmapLock(write: boolean): HeldMmapLock {
    const task = this.caller
    const result = this.core.native.mmapLock(task, write)
    return result < 0 ? this.fail(result) : HeldMmapLock.make(this.core, task, write)
  }

  /**
   * make_device_exclusive_range() over one page: the CPU loses the page, so that a device has it for itself until a CPU
   * touches it. Linux 6.12. The page is locked, and whoever touches it waits, until {@link PageRef.drop}, which a driver
   * calls when its own tables are written.
   * @returns undefined if the page can't be made exclusive: it is locked, not anonymous, or a later part of a huge page
   * @throws HmmuError HMMU_SYSCALL with errno `EFAULT`: a store there would fail; `EOPNOTSUPP`: the mapping is of hugetlb.
   *   HMMU_INVALID_ARGUMENT: the machine's kernel does not have it
   */
  makeDeviceExclusive(at: number, exclusiveOptions?: ExclusiveOptions): PageRef | undefined {
    const { owner } = options('options', exclusiveOptions, ['owner'])
    const number = owner === undefined ? DEFAULT_OWNER : this.core.devices.checkOwner(owner)
    const pfn = this.core.native.makeDeviceExclusive(this.caller, address(at), number)
    return pfn === 0 ? undefined : this.#reference('exclusive', pfn)
  }

  /** The reference that a call has returned. When a handler has thrown, nobody gets it, so the page is given back. */
  #reference(kind: PageRefKind, pfn: number): PageRef {
    return pfn >= 0
      ? PageRef.make(this.core, kind, pfn)
      : this.fail(pfn, (lost) => PageRef.make(this.core, kind, lost).drop())
  }

  /**
   * Mirrors a range once, as a driver does: hmm_range_fault() under an interval notifier that lives as long as the call, and
   * all of it again whenever the range was invalidated meanwhile. Linux 6.12.
   * @throws HmmuError HMMU_SYSCALL with errno `EFAULT`: a page can't be faulted in; `EPERM`: `write`, and the mapping forbids
   *   it; `EINVAL`: the machine's kernel does not have it
   */
  mirror(range: PageRange, mirrorOptions?: MirrorOptions): MirroredPage[]
  mirror(address: number, pages: number, mirrorOptions?: MirrorOptions): MirroredPage[]
  mirror(
    ...args: [PageRange, (MirrorOptions | undefined)?] | [number, number, (MirrorOptions | undefined)?]
  ): MirroredPage[] {
    const { start, pages, length, rest } = rangeOf(this.core, args)
    const { flags, owner } = prepareMirror(this.core, rest as MirrorOptions | undefined)
    return this.#mirrored.make(
      this.core,
      pages,
      (error) => this.#waits(error),
      (words) => this.core.native.mirror(this.caller, start, start + length, flags, owner, words),
    )
  }

  /**
   * hmm_range_fault() of the range of an interval notifier, once, with mmap_lock for reading. Linux 6.12.
   * @param sequence what {@link IntervalNotifier.readBegin} has returned
   * @throws HmmuError as {@link SystemCalls.mirror}, and HMMU_SYSCALL with errno `EBUSY`: the range was invalidated since;
   *   read the sequence and begin anew. Faults of this call may do that themselves
   */
  rangeFault(notifier: IntervalNotifier, sequence: number, mirrorOptions?: MirrorOptions): MirroredPage[] {
    if (!(notifier instanceof IntervalNotifier)) throw invalid('notifier', 'an IntervalNotifier', notifier)
    this.core.same('the interval notifier', notifier.core)
    const { flags, owner } = prepareMirror(this.core, mirrorOptions)
    const { id, start, end, pages } = notifier
    const seq = integer('sequence', sequence, 0, Number.MAX_SAFE_INTEGER)
    return this.#mirrored.make(
      this.core,
      pages,
      (error) => this.#waits(error),
      (words) => this.core.native.rangeFault(this.caller, id, seq, start, end, flags, owner, words),
    )
  }

  /**
   * migrate_vma() over a range, all in one call.
   * @throws HmmuError HMMU_SYSCALL with errno `EINVAL`: the range is not within one mapping, empty, or of a special or
   *   hugetlb mapping. HMMU_DRIVER_RULE: the driver broke a rule. And whatever a callback throws. All is undone then.
   */
  migrate(target: MigrationRange, driver: Driver = { to: 'device' }): MigrationResult {
    this.#sameMachine(target)
    try {
      return migrate(this.core, this.caller, target, driver)
    } catch (error) {
      this.#waits(error)
      throw error
    }
  }

  /**
   * migrate_vma() in steps.
   * @throws HmmuError as {@link SystemCalls.migrate}
   */
  beginMigration(target: MigrationRange, driver: Driver = { to: 'device' }): Migration {
    this.#sameMachine(target)
    try {
      return Migration.make(this.core, this.caller, target, driver)
    } catch (error) {
      this.#waits(error)
      throw error
    }
  }

  /**
   * migrate_vma_setup() of Linux 6.12: the driver works between this call, {@link DriverMigration.pages} and
   * {@link DriverMigration.finalize}.
   * @throws HmmuError HMMU_SYSCALL with errno `EINVAL`: as {@link SystemCalls.migrate}, or `faultPage` is no device-private page.
   *   HMMU_INVALID_ARGUMENT: the machine is one of Linux 4.14
   */
  migrateVma(vma: MigrateVmaOptions): DriverMigration {
    if (typeof vma === 'object' && vma !== null) this.#sameMachine(vma.range)
    try {
      return DriverMigration.make(this.core, this.caller, vma)
    } catch (error) {
      this.#waits(error)
      throw error
    }
  }

  /** Whether a call that failed with this has to wait. */
  #waits(error: unknown): error is HmmuError {
    const waits = error instanceof HmmuError && error.code === 'HMMU_BLOCKED'
    if (waits) this.blocked()
    return waits
  }

  #sameMachine(target: unknown): void {
    if (target instanceof Mapping) this.core.same('the mapping', target.process.core)
  }
}
