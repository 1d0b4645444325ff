// SPDX-License-Identifier: GPL-2.0-only

import {
  type CounterName,
  counterNames,
  type EventName,
  type InjectionName,
  injectionValues,
  type Profile,
  profileNames,
  type QuirkName,
  quirkNames,
  quirkValues,
} from '../base/defs.generated'
import { boolean, bytes, integer, invalid, iterable, oneOf, PAGE_SIZE } from '../base/validate'
import { getAddon } from '../native/addon'
import type { NativeMachine } from '../native/interface'
import { OPTION_COUNT, RECORD_WORDS, STATS_WORDS } from '../native/layout'
import { adoptAll, copyWaitingCalls, type RestoreOptions, restore, snapshot } from './copies'
import { Core, coreOf, newMachines } from './core'
import type { Device, DeviceOptions } from './device'
import { type DeviceFaultHandler, Devices, type PageFreeHandler } from './devices'
import { type Holder, holders } from './holders'
import { asText, hex, shownAs, showsItself, stateOf, table } from './inspect'
import { type KernelDriver, type KernelDriverOptions, loadDriver } from './kernel-driver'
import { type LeakedPage, leaks } from './leaks'
import { createMachine, type MachineOptions } from './options'
import { PageRef, type PageRefKind } from './page-ref'
import { Process } from './process'
import { decodeEvents, decodePage, eventTable, type MachineEvent, type PageInfo } from './records'
import type { RestoredMigration } from './restored-migration'
import { MachineStats } from './stats'
import { type LruPage, lruPages, pagesInUse, type Translation, translations } from './whole'

/** A native machine that is there already, for the constructor. */
class Existing {
  readonly native: NativeMachine

  constructor(native: NativeMachine) {
    this.native = native
  }
}

const EVENTS_AT_ONCE = 256
const PAGE_REF_KINDS: readonly PageRefKind[] = ['pin', 'dma_pin', 'hold', 'isolation']

/**
 * An emulated machine: RAM, a device with memory of its own, processes. It is deterministic and belongs to the thread that made it;
 * other threads have machines of their own. {@link Machine.dispose} frees its memory; the garbage collector does it otherwise.
 *
 * @example
 * ```ts
 * using machine = new Machine({ ramPages: 65536, devicePages: 1024 })
 * const a = machine.process()
 * const buf = a.map({ pages: 16 })
 * buf.write(0, Uint8Array.of(1, 2, 3))
 * console.log(a.migrate(buf, { to: 'device' }))
 * ```
 */
export class Machine {
  readonly #core: Core
  readonly #profile: Profile
  readonly #cpus: number
  #timed = false

  /**
   * @throws HmmuError HMMU_INVALID_ARGUMENT: an option is out of its range; HMMU_HOST_MEMORY: the host has no memory for it
   */
  constructor(machineOptions?: MachineOptions) {
    const native = machineOptions instanceof Existing ? machineOptions.native : createMachine(machineOptions)
    this.#core = new Core(native, this)
    const made = new Float64Array(OPTION_COUNT)
    this.#core.check(native.options(made))
    const [, , cpus = 1, profile = 0] = made
    this.#cpus = cpus
    this.#profile = profileNames[profile] ?? 'linux-4.14'
    this.#core.devices = new Devices(this.#core)
    adoptAll(this.#core)
    newMachines.met?.(this)
  }

  /** @internal Whether a value was made by the constructor. */
  static isMachine(value: unknown): value is Machine {
    return typeof value === 'object' && value !== null && #core in value
  }

  /** @internal */
  [coreOf](): Core {
    return this.#core
  }

  /** The profile it was made with. */
  get profile(): Profile {
    return this.#profile
  }

  /** How many CPUs it has. */
  get cpus(): number {
    return this.#cpus
  }

  /** The quirks that are on. */
  get quirks(): QuirkName[] {
    const mask = this.#core.check(this.#core.native.quirks())
    return quirkNames.filter((name) => mask & quirkValues[name])
  }

  /** First pfn of device-private memory: its page i is page `deviceBase + i`. */
  get deviceBase(): number {
    return this.#core.check(this.#core.native.deviceBase())
  }

  /** The devices with memory of their own, in the order of their numbers; none in a machine without device pages. */
  get devices(): Device[] {
    return this.#core.devices.all
  }

  /**
   * memremap_pages(): makes a device with memory of its own. A machine begins with one device, which has all device pages
   * ({@link MachineOptions.devicePages}) and gives its last ones to others; it can have eight. {@link Device.remove} removes one.
   * @throws HmmuError HMMU_OUT_OF_DEVICE_PAGES: there are not so many free pages in a row; HMMU_OUT_OF_SLOTS: there are 64 devices;
   *   HMMU_BUSY: the handler of freed pages runs
   *
   * @example
   * ```ts
   * const second = machine.device({ pages: 256, owner: 2 })
   * task.migrate(buf, { to: 'device', device: second })
   * second.remove()
   * ```
   */
  device(deviceOptions: DeviceOptions): Device {
    return this.#core.devices.create(deviceOptions)
  }

  /**
   * Loads drivers of Linux 6.12 that were compiled from their own source: a shared library that `hmmu driver build` has made, or the
   * CMake function `hmmu_driver_module()`. Runs their `module_init()`. From then on their C code handles faults on their device pages
   * and invalidations, and {@link KernelDriver.open} opens their devices. A machine has one library at a time.
   *
   * Their code is native: a wild pointer in it ends this process. Linux on x64 or arm64 only, with the native addon.
   * @param path of the file; it is copied, so it may be built again meanwhile
   * @throws HmmuError HMMU_UNSUPPORTED: this host or backend can't do it; HMMU_DRIVER_FILE: it is no such file, is damaged, or was
   *   built with another version; HMMU_INVALID_ARGUMENT: the machine is of another kernel, or a parameter; HMMU_BUSY: the machine has
   *   drivers; HMMU_SYSCALL: `module_init()` returns this errno
   *
   * @example
   * ```ts
   * const driver = machine.loadDriver('build/mydriver.so', { params: { pages: 16 } })
   * const file = driver.open(process, 'mydriver')
   * file.ioctl(MIGRATE, bytes)
   * expect(driver.reports).toEqual([])
   * ```
   */
  loadDriver(path: string, driverOptions?: KernelDriverOptions): KernelDriver {
    return loadDriver(this.#core, path, driverOptions)
  }

  /** The drivers that {@link Machine.loadDriver} has loaded, until they are unloaded. */
  get driver(): KernelDriver | undefined {
    return this.#core.driver
  }

  /** Makes a process with an empty address space and one task. */
  process(): Process {
    return Process.make(this.#core, this.#core.check(this.#core.native.processCreate()))
  }

  /** The living processes, in the order of their numbers. */
  get processes(): Process[] {
    this.#core.check(this.#core.native.quirks())
    return [...this.#core.processes.values()].sort((a, b) => a.pid - b.pid)
  }

  /**
   * The state of the machine as bytes, of which {@link Machine.restore} makes a machine that goes on exactly as this one. The
   * handlers are no part of it. Migrations in steps are, and calls that wait, but not the bytes and pages that a load or a mirror has got
   * before it waited: they are zero when it goes on.
   * @throws HmmuError HMMU_BUSY: a callback runs, or a driver has taken mmap_lock; HMMU_HOST_MEMORY
   */
  snapshot(): Uint8Array {
    return snapshot(this.#core)
  }

  /**
   * A machine that goes on exactly as the one of which the snapshot was taken, in this process or another one.
   * {@link Machine.processes} and {@link Process.tasks} tell who is there.
   * @param bytes from {@link Machine.snapshot} of the same version of this library. They may come from anyone: each number in them
   * is checked before it is used.
   * @param options `verify: false` restores a machine that {@link Machine.verify} complains of, to look at it. What could lead a
   * call out of the machine's memory, or have it run for ever, is refused all the same.
   * @throws HmmuError HMMU_SNAPSHOT: they are something else, damaged, or of a state in which no machine can be; the message says
   * which; HMMU_HOST_MEMORY
   */
  static restore(bytes: Uint8Array, options?: RestoreOptions): Machine {
    return new Machine(new Existing(restore(bytes, options)) as MachineOptions)
  }

  /**
   * A second machine with the same state and the same handlers of device faults and freed pages; from now on they do not know of each other. It is
   * what {@link Machine.restore} of a snapshot would make, at less cost, and has what loads that wait have got so far.
   * @throws HmmuError HMMU_BUSY: a callback runs, or a driver has taken mmap_lock; HMMU_HOST_MEMORY
   */
  fork(): Machine {
    const copy = new Machine(new Existing(new (getAddon().Machine)(this.#core.addonMachine)) as MachineOptions)
    copy.#core.devices.copyHandlers(this.#core.devices)
    copyWaitingCalls(this.#core, copy.#core)
    return copy
  }

  /** Migrations that were under way in the machine of which this one is a copy, in the order in which they began, until
   * {@link RestoredMigration.adopt} goes on with them. */
  get restoredMigrations(): RestoredMigration[] {
    this.#core.check(this.#core.native.quirks())
    return [...this.#core.restored]
  }

  /**
   * A hash of all state, 64 bits: machines of the same options that saw the same calls have the same, on every host. What is
   * looked at does not change it; another version of this library may have other hashes.
   */
  hash(): bigint {
    const out = new BigUint64Array(1)
    this.#core.check(this.#core.native.hash(out))
    return out[0] ?? 0n
  }

  /**
   * A hash of what can make a difference to later calls, and of nothing else: machines with equal hashes have equal futures. Frames are
   * numbered by their first appearance, so it does not matter which of the free ones were taken; counters and events do not count.
   * It works in the middle of migrations and of calls that wait. What drivers and handlers in TypeScript have of their own is not in it.
   * @param pages page frame numbers that the caller knows, such as those of his pins: it makes a difference which ones they are
   * @throws HmmuError HMMU_NO_PAGE: there is no such page; HMMU_BUSY: a callback of the machine runs
   */
  stateHash(pages: Iterable<number> = []): bigint {
    const pfns = Uint32Array.from(iterable('pages', 'an iterable of page frame numbers', pages), checkPfn)
    const out = new BigUint64Array(1)
    this.#core.check(this.#core.native.stateHash(pfns, out))
    return out[0] ?? 0n
  }

  /** lru_add_drain_all(): empties the LRU pagevecs of all CPUs. */
  drainPagevecs(): void {
    this.#core.check(this.#core.native.drain())
  }

  /** All counters of the machine; {@link counterTexts} explains them. */
  counters(): Record<CounterName, number> {
    const out = new Float64Array(counterNames.length)
    this.#core.check(this.#core.native.counters(out))
    return Object.fromEntries(counterNames.map((name, i) => [name, out[i]])) as Record<CounterName, number>
  }

  /**
   * Walks the whole machine and tells every imbalance: references, map counts, reverse maps, LRU, RSS, memcg, locks, page tables,
   * free lists, TLB. Changes nothing.
   * @returns complaints in words, none of them if all is well
   */
  verify(): string[] {
    const complaints = this.#core.native.verify()
    if (typeof complaints === 'number') throw this.#core.failure(complaints)
    return Array.from(complaints)
  }

  /**
   * The pages that drivers have allocated and not yet placed or put. While a driver works, its pages are among them; when no
   * migration is under way, each is a page that a driver has lost, or keeps for later. They stay when a process ends, and
   * {@link verify} takes them for the driver's. Shows itself as a table.
   */
  leaks(): LeakedPage[] {
    return leaks(this.#core)
  }

  /**
   * Who has references to a page, and its lock: a tally over the whole machine, as {@link Machine.verify} makes it. The references of all
   * holders are page_count(). Of a huge page all parts are meant. Shows itself as a table.
   * @param pfn without it: of all pages, in the order of their numbers
   * @throws HmmuError HMMU_NO_PAGE: there is no such page
   *
   * @example
   * ```ts
   * const pin = task.pin(buf.address)
   * console.log(machine.holders(pin.pfn))
   * // page  refs  holder
   * // #6    1     mapped by process 1 at 0x1000000000
   * // #6    1     pinned since example.ts:1
   * ```
   */
  holders(pfn?: number): Holder[] {
    return holders(this.#core, pfn === undefined ? 0 : integer('pfn', pfn, 1, 2 ** 32 - 1))
  }

  /**
   * The translations that a CPU keeps, and that no flush has made void. Shows itself as a table.
   * @param cpu 0 … {@link Machine.cpus} - 1
   */
  translations(cpu = 0): Translation[] {
    return translations(this.#core, integer('cpu', cpu, 0, this.#cpus - 1))
  }

  /** The struct page of each frame and device page that is in use, in the order of their numbers. Shows itself as a table. */
  pages(): PageInfo[] {
    return pagesInUse(this.#core)
  }

  /**
   * The pages of the LRU lists, each list from its head on, so that reclaim would take its last page first; then those that wait in
   * pagevecs. The unevictable pages of Linux 6.12 are on no list. Shows itself as a table.
   */
  lru(): LruPage[] {
    return lruPages(this.#core)
  }

  /**
   * Records events of these types from now on, and no others. The invalidate types are recorded for watched processes only, see
   * {@link Process.watch}.
   */
  recordEvents(types: Iterable<EventName>): void {
    this.#core.record(iterable('types', 'an iterable of event names', types), false)
  }

  /**
   * Notes the host's time of each event from now on, or no more. The cycles are those of {@link stats}; they are no part of the
   * machine's state.
   */
  timeEvents(on = true): void {
    this.#core.check(this.#core.native.timeEvents(boolean('on', on)))
    this.#timed = on
  }

  /** The events recorded so far, oldest first; they are taken out. Shows itself as a table. */
  takeEvents(): MachineEvent[] {
    const words = new BigUint64Array(EVENTS_AT_ONCE * RECORD_WORDS.event)
    const cycles = this.#timed ? new BigUint64Array(EVENTS_AT_ONCE) : undefined
    const events: MachineEvent[] = []
    for (;;) {
      const count = this.#core.check(this.#core.native.takeEvents(words, cycles))
      events.push(...decodeEvents(words, count, cycles))
      if (count < EVENTS_AT_ONCE) return shownAs(events, eventTable)
    }
  }

  /**
   * Counts and times what the machine does from now on, beginning at zero; or stops, and keeps what was counted. That is not a part of
   * the machine's state. Calls under way are counted from their next one on.
   */
  recordStats(on = true): void {
    this.#core.check(this.#core.native.statsEnable(boolean('on', on)))
  }

  /** What was counted and timed since {@link recordStats}; all zero before. Shows itself as a table. */
  stats(): MachineStats {
    const { native } = this.#core
    const words = new BigUint64Array(STATS_WORDS.all)
    this.#core.check(native.stats(words))
    const nodes = new BigUint64Array(this.#core.check(native.statsTree(new BigUint64Array())) * STATS_WORDS.node)
    return MachineStats.make(words, nodes, this.#core.check(native.statsTree(nodes)))
  }

  /**
   * Makes an allocation fail, or a race happen.
   * @param site which kind; {@link injectionTexts} explains them
   * @param nth which of the next ones, 1 being the next; 0 disarms
   * @param forever all that follow fail, too
   */
  inject(site: InjectionName, nth: number, forever = false): void {
    const value = oneOf('site', site, injectionValues)
    const count = integer('nth', nth, 0, Number.MAX_SAFE_INTEGER)
    this.#core.check(this.#core.native.inject(value, count, boolean('forever', forever)))
  }

  /** How often an injection site was passed since the machine was made. */
  injectionPasses(site: InjectionName): number {
    return this.#core.check(this.#core.native.injectPasses(oneOf('site', site, injectionValues)))
  }

  /**
   * Charge limit of the memory cgroup, in pages; 0: none. At the limit calls of `linux-4.14` fail. `linux-6.12` first reclaims
   * pages that `free` (MADV_FREE) has given up. Then a load or store waits (`HMMU_BLOCKED`, `wait: 'memcg'`) until a page is
   * uncharged or the limit raised, as in a group that kills nobody; in a callback, and in other calls, it fails.
   */
  setMemcgLimit(pages: number): void {
    this.#core.check(this.#core.native.memcgSetLimit(integer('pages', pages, 0, Number.MAX_SAFE_INTEGER)))
  }

  /** Pages charged to the memory cgroup. */
  get memcgCharged(): number {
    return this.#core.check(this.#core.native.memcgCharged())
  }

  /** put_page() of a pin, or unpin_user_page(); the same as its {@link PageRef.drop}. */
  unpin(pin: PageRef): void {
    this.#expect(pin, 'pin', 'dma_pin').drop()
  }

  /** Unlocks and puts a held page; the same as its {@link PageRef.drop}. */
  release(hold: PageRef): void {
    this.#expect(hold, 'hold').drop()
  }

  /** putback_lru_page() of an isolated page; the same as its {@link PageRef.drop}. */
  putback(isolated: PageRef): void {
    this.#expect(isolated, 'isolation').drop()
  }

  /**
   * A handle to a reference that the machine has, for those who made it of a copy: it is given back by this handle then.
   * @param ref what it was in the original, where a {@link PageRef} will do
   */
  pageRef(ref: { readonly kind: PageRefKind; readonly pfn: number }): PageRef {
    if (typeof ref !== 'object' || ref === null) throw invalid('ref', 'a PageRef or { kind, pfn }', ref)
    const { kind, pfn } = ref
    if (!PAGE_REF_KINDS.includes(kind)) throw invalid('kind', `one of ${PAGE_REF_KINDS.join(', ')}`, kind)
    this.#core.check(this.#core.native.quirks())
    return PageRef.make(this.#core, kind, checkPfn(pfn))
  }

  #expect(ref: PageRef, ...kinds: PageRefKind[]): PageRef {
    if (!(ref instanceof PageRef)) throw invalid('page', `a PageRef (${kinds[0]})`, ref)
    ref.expect(this.#core, kinds)
    return ref
  }

  /**
   * The struct page of a frame or device page.
   * @throws HmmuError HMMU_NO_PAGE: there is no such page
   */
  page(pfn: number): PageInfo {
    const words = new BigUint64Array(RECORD_WORDS.page)
    this.#core.check(this.#core.native.pageInfo(checkPfn(pfn), words))
    return decodePage(words)
  }

  /**
   * Sets flags of a page that is in use, to see what becomes of them.
   * @param flags bits of {@link PageFlag}: REFERENCED, CHECKED, MAPPEDTODISK, ERROR, YOUNG, IDLE, DIRTY
   */
  setPageFlags(pfn: number, flags: number): void {
    this.#core.check(this.#core.native.pageSetFlags(checkPfn(pfn), integer('flags', flags, 0, 2 ** 31 - 1)))
  }

  /**
   * A copy of the 4096 bytes of a frame or device page, as a driver or device sees them; of a machine without `contents` all but the
   * first 8 are zero.
   * @throws HmmuError HMMU_NO_PAGE: there is no such page
   */
  pageData(pfn: number): Uint8Array {
    const out = new Uint8Array(PAGE_SIZE)
    this.#core.check(this.#core.native.pageRead(checkPfn(pfn), 0, out))
    return out
  }

  /**
   * Changes the contents of a frame or device page, as a driver or device does it.
   * @param offset of the first byte, 0 … 4095
   * @throws HmmuError HMMU_NO_PAGE: there is no such page, or it is free; HMMU_INVALID_ARGUMENT: it is a page table or the zero page
   */
  writePage(pfn: number, data: Uint8Array, offset = 0): void {
    const written = bytes(data)
    integer('offset + length', integer('offset', offset, 0, PAGE_SIZE) + written.length, 0, PAGE_SIZE)
    this.#core.check(this.#core.native.pageWrite(checkPfn(pfn), offset, written))
  }

  /** {@link Device.onFault} of the device that the machine began with. */
  onDeviceFault(handler: DeviceFaultHandler | undefined): void {
    this.#core.devices.first.onFault(handler)
  }

  /** {@link Device.onPageFree} of the device that the machine began with. */
  onPageFree(handler: PageFreeHandler | undefined): void {
    this.#core.devices.first.onPageFree(handler)
  }

  /** Whether the machine is gone. */
  get disposed(): boolean {
    return this.#core.disposed
  }

  /**
   * Frees the machine, with all processes and open migrations in it. Every later call throws HMMU_DISPOSED. Nothing happens if that
   * has been done before.
   * @throws HmmuError HMMU_BUSY: a callback of the machine is running
   */
  dispose(): void {
    this.#core.check(this.#core.native.dispose())
    this.#core.disposed = true
    this.#core.driver?.gone()
    this.#core.processes.clear()
    this.#core.tasks.clear()
    this.#core.intervals.clear()
    this.#core.migrations.clear()
    this.#core.restored.clear()
    const handlers = { pageFault: undefined, pageFree: undefined, invalidate: undefined, intervalInvalidate: undefined }
    Object.assign(this.#core.native, handlers)
  }

  /** The same as {@link Machine.dispose}. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  /** What JSON has: profile, hash, counters and processes of a machine that is not disposed of. */
  toJSON(): object {
    const { profile, cpus, disposed } = this
    if (disposed) return { profile, cpus, disposed }
    const processes = this.processes.map((process) => process.toJSON())
    return { profile, cpus, hash: hex(this.hash()), counters: this.counters(), processes }
  }

  /** @internal A machine that is gone equals no other. */
  [stateOf](): object {
    return { is: 'Machine', profile: this.profile, hash: this.disposed ? Symbol('disposed of') : this.hash() }
  }

  /** @internal */
  [asText](all = false): string {
    if (this.disposed) return 'Machine (disposed of)'
    const { ramPages, ramFree, devicePages, deviceFree, coherentPages, coherentFree } = this.counters()
    const cpus = `${this.cpus} CPU${this.cpus > 1 ? 's' : ''}`
    const coherent = coherentPages > 0 ? `, coherent ${coherentFree}/${coherentPages} pages free` : ''
    const head = `Machine ${this.profile}: ${cpus}, RAM ${ramFree}/${ramPages} pages free, device ${deviceFree}/${devicePages} pages free${coherent}`
    const rows = this.processes.map((process) => {
      const { anon, file, shmem, swap, mapped } = process.counters()
      return [process.pid, mapped, anon, file, shmem, swap].map(String)
    })
    const headings = ['process', 'mapped', 'anon', 'file', 'shmem', 'swap']
    const parts = rows.length > 0 ? [head, table(headings, rows, all)] : [head]
    return [...parts, ...(all ? this.processes.map((process) => process[asText](all)) : [])].join('\n')
  }

  static {
    showsItself(Machine.prototype)
  }
}

function checkPfn(value: number): number {
  return integer('pfn', value, 0, 2 ** 32 - 1)
}
