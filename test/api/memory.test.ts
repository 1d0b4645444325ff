// SPDX-License-Identifier: GPL-2.0-only

import { type Mapping, PAGE_SIZE, PageFlag, type Process, pageFlagNames } from '../../lib'
import { codeOf, errorOf, firstBytes, kinds, makeBuffer, makeMachine } from './helpers'

describe('mappings', () => {
  test('bytes come back as they were written, across pages', () => {
    const { buf } = makeBuffer(3, 0)
    const bytes = Uint8Array.from({ length: 2 * PAGE_SIZE }, (_, i) => i % 251)
    buf.write(100, bytes)
    expect(buf.read(100, bytes.length)).toEqual(bytes)
    expect(buf.read(0, 1)[0]).toBe(0)
  })

  test.each(['anon', 'shmem', 'file', 'sharedfile'] as const)('%s memory can be written and read', (kind) => {
    const machine = makeMachine()
    const a = machine.process()
    const buf = a.map({ pages: 2, kind })
    buf.write(PAGE_SIZE, Uint8Array.of(5))
    expect(firstBytes(buf)).toEqual([0, 5])
    expect(a.mappings()).toMatchObject([{ kind, prot: 'rw', pages: 2 }])
    machine.drainPagevecs()
  })

  test('a chosen address must be free, and a start on a huge boundary can be asked for', () => {
    const { a, buf } = makeBuffer(4)
    expect(errorOf(() => a.map({ pages: 1, address: buf.address }))).toMatchObject({
      code: 'HMMU_SYSCALL',
      errno: 'EEXIST',
    })
    expect(a.map({ pages: 1, address: 0x10000 }).address).toBe(0x10000)
    expect(a.map({ pages: 1, alignHuge: true }).address % 2 ** 21).toBe(0)
    expect(a.map({ pages: 1 }).address % 2 ** 21).toBe(2 ** 20)
  })

  test.each([
    ['unmapped', (a: Process, buf: Mapping) => a.unmap(buf.range(0))],
    ['moved away', (a: Process, buf: Mapping) => a.remap(buf.range(0), { address: 2 ** 40, pages: 1 })],
    ['unmapped by a child', (a: Process, buf: Mapping) => a.fork().unmap(buf.range(0))],
  ])('below 2 MiB and at other borders of tables, pages stay when a neighbour is %s', (_how, take) => {
    for (const border of [2 ** 14, 2 ** 16, 2 ** 21, 2 ** 30, 2 ** 39, 2 ** 47 - 2 * PAGE_SIZE]) {
      const a = makeMachine({ ramPages: 1024 }).process()
      const below = a.map({ address: border - 2 * PAGE_SIZE, pages: 1 })
      const buf = a.map({ address: border - PAGE_SIZE, pages: 2 })
      below.write(0, Uint8Array.of(5))
      buf.write(0, new Uint8Array(buf.pages * PAGE_SIZE).fill(7))
      take(a, buf)
      expect([a.load(below.address, 1)[0], a.load(border, 1)[0]]).toEqual([5, 7])
    }
  })

  test('reading maps the zero page, writing replaces it', () => {
    const { a, buf } = makeBuffer(2, 0)
    expect(kinds(buf)).toEqual(['none', 'none'])
    expect(firstBytes(buf)).toEqual([0, 0])
    expect(kinds(buf)).toEqual(['zero', 'zero'])
    a.store(buf.address, Uint8Array.of(1))
    expect(kinds(buf)).toEqual(['sys', 'zero'])
  })

  test('parts can be unmapped and protected; ranges are mappings, ranges or addresses', () => {
    const { a, buf } = makeBuffer(8)
    a.unmap(buf.range(2, 2))
    a.protect(buf.pageAddress(4), 1, 'r')
    a.protect(buf.range(5), 'none')
    expect(kinds(buf).slice(0, 5)).toEqual(['sys', 'sys', 'nomap', 'nomap', 'sys'])
    expect(a.tryStore(buf.pageAddress(4), 1)).toBe('SIGSEGV')
    expect(a.tryLoad(buf.pageAddress(4))).toEqual({ outcome: 'ok', value: 5 })
    expect(a.tryLoad(buf.pageAddress(5))).toEqual({ outcome: 'SIGSEGV', value: 0 })
    expect(a.mappings().map(({ pages, prot }) => `${pages} ${prot}`)).toEqual(['2 rw', '1 r', '1 none', '2 rw'])
    buf.unmap()
    expect(a.mappings()).toEqual([])
    expect(a.counters()).toMatchObject({ anon: 0, mapped: 0 })
  })

  test('advice and locks', () => {
    const { machine, a, buf } = makeBuffer(2)
    buf.lock()
    machine.drainPagevecs()
    expect(a.counters().locked).toBe(2)
    expect(buf.dump()[0]!.flags & PageFlag.MLOCKED).toBe(PageFlag.MLOCKED)
    buf.unlock()
    buf.advise('dontneed')
    expect(kinds(buf)).toEqual(['none', 'none'])
    a.advise(buf, 'nohugepage')
    expect(a.mappings()[0]).toMatchObject({ noHuge: true, locked: false })
  })

  test('soft-dirty bits are cleared, and set by a store', () => {
    const { a, buf } = makeBuffer(2)
    a.clearSoftDirty()
    expect(buf.dump().map((entry) => entry.softDirty)).toEqual([false, false])
    a.tryStore(buf.pageAddress(1), 9)
    expect(buf.dump().map((entry) => entry.softDirty)).toEqual([false, true])
  })

  test('a page guarded by userfaultfd is a SIGBUS until it is there', () => {
    const { a, buf } = makeBuffer(2, 1)
    a.registerUserfault(buf)
    expect(a.tryLoad(buf.pageAddress(0)).outcome).toBe('ok')
    expect(a.tryLoad(buf.pageAddress(1)).outcome).toBe('SIGBUS')
    expect(codeOf(() => a.load(buf.pageAddress(1), 1))).toBe('HMMU_SIGBUS')
  })
})

describe('accesses that fail', () => {
  test('an address outside of any mapping', () => {
    const { a, buf } = makeBuffer(2)
    const error = errorOf(() => a.load(buf.end - 2, 4))
    expect(error).toMatchObject({ code: 'HMMU_SIGSEGV', errno: 'EFAULT', done: 2 })
    expect(errorOf(() => a.store(0x1000, Uint8Array.of(1)))).toMatchObject({ code: 'HMMU_SIGSEGV', done: 0 })
    expect(a.tryStore(0x1000, 1)).toBe('SIGSEGV')
    expect(codeOf(() => a.tryLoad(2 ** 47))).toBe('HMMU_INVALID_ARGUMENT')
  })

  test('a store to read-only memory', () => {
    const machine = makeMachine()
    const buf = machine.process().map({ prot: 'r' })
    expect(codeOf(() => buf.write(0, Uint8Array.of(1)))).toBe('HMMU_SIGSEGV')
    expect(buf.read(0, 1)[0]).toBe(0)
  })

  test('a mapping guards its own ends', () => {
    const { buf } = makeBuffer(1)
    expect(codeOf(() => buf.write(4095, Uint8Array.of(1, 2)))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => buf.read(-1, 1))).toBe('HMMU_INVALID_ARGUMENT')
    expect(codeOf(() => buf.read(4097))).toBe('HMMU_INVALID_ARGUMENT')
    expect(buf.read(4096).length).toBe(0)
  })
})

describe('processes', () => {
  test('a child has a copy of its own', () => {
    const { machine, a, buf } = makeBuffer(2)
    const b = a.fork()
    const theirs = buf.in(b)
    expect(firstBytes(theirs)).toEqual([1, 2])
    expect(buf.dump().map((entry) => entry.mapCount)).toEqual([2, 2])
    theirs.write(0, Uint8Array.of(9))
    expect(firstBytes(buf)).toEqual([1, 2])
    expect(firstBytes(theirs)).toEqual([9, 2])
    expect(machine.processes).toEqual([a, b])
    machine.drainPagevecs()
    b.exit()
    expect([b.alive, a.alive]).toEqual([false, true])
    expect(machine.processes).toEqual([a])
    expect(codeOf(() => b.map())).toBe('HMMU_NO_PROCESS')
    expect(codeOf(() => b.counters())).toBe('HMMU_NO_PROCESS')
  })

  test('counters', () => {
    const { a } = makeBuffer(4, 3)
    expect(a.counters()).toMatchObject({ anon: 3, file: 0, shmem: 0, swap: 0, mapped: 4, locked: 0 })
    expect(a.counters().tables).toBeGreaterThanOrEqual(4)
  })

  test('a walk goes from the pgd to the pte', () => {
    const { a, buf } = makeBuffer(1)
    const levels = a.walk(buf.address)
    expect(levels.length).toBe(5)
    expect(levels[4]).toBe(buf.dump()[0]!.raw)
    expect(Number(levels[4]! & 1n)).toBe(1)
    expect(a.walk(0).length).toBeLessThan(5)
  })

  test('a dump tells all about a page', () => {
    const { buf } = makeBuffer(1)
    const [entry] = buf.dump()
    expect(entry).toMatchObject({ kind: 'sys', bits: 'wdas', refCount: 1, mapCount: 1, device: false })
    expect(entry!.address).toBe(buf.address)
    expect(pageFlagNames(entry!.flags)).toEqual(['uptodate', 'lru', 'active', 'swapbacked'])
  })
})

describe('references', () => {
  test('a pin counts, and is dropped once', () => {
    const { machine, a, buf } = makeBuffer(1)
    const pin = a.pin(buf.address, { write: true })
    expect(machine.page(pin.pfn).refCount).toBe(2)
    machine.unpin(pin)
    expect(pin.dropped).toBe(true)
    expect(machine.page(pin.pfn).refCount).toBe(1)
    expect(codeOf(() => pin.drop())).toBe('HMMU_REFERENCE')
    expect(codeOf(() => machine.unpin(pin))).toBe('HMMU_REFERENCE')
  })

  test('a held page is locked, an isolated one off the LRU', () => {
    const { machine, a, buf } = makeBuffer(1)
    const hold = a.hold(buf.address)
    expect(buf.dump()[0]!.flags & PageFlag.LOCKED).toBe(PageFlag.LOCKED)
    expect(errorOf(() => a.hold(buf.address))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'EBUSY' })
    expect(codeOf(() => machine.unpin(hold))).toBe('HMMU_REFERENCE')
    machine.release(hold)
    const isolated = a.isolate(buf.address)
    expect(buf.dump()[0]!.flags & PageFlag.LRU).toBe(0)
    expect(errorOf(() => a.isolate(buf.address))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'EBUSY' })
    machine.putback(isolated)
    machine.drainPagevecs()
    expect(buf.dump()[0]!.flags & PageFlag.LRU).toBe(PageFlag.LRU)
    expect(errorOf(() => a.hold(0x1000))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'ENOENT' })
  })

  test('"using" gives a page back', () => {
    const { machine, a, buf } = makeBuffer(1)
    {
      using pin = a.pin(buf.address)
      expect(machine.page(pin.pfn).refCount).toBe(2)
    }
    expect(buf.dump()[0]!.refCount).toBe(1)
  })
})

describe('what Linux 6.12 has and Linux 4.14 has not', () => {
  const EINVAL = { code: 'HMMU_SYSCALL', errno: 'EINVAL' }
  const cases: [string, object, (process: Process, buf: Mapping) => void][] = [
    ...(['populate_read', 'populate_write', 'cold', 'pageout', 'collapse'] as const).map(
      (advice): (typeof cases)[number] => [advice, EINVAL, (a, buf) => a.advise(buf, advice)],
    ),
    ['write protection by userfaultfd', EINVAL, (a, buf) => a.registerUserfault(buf, { wp: true })],
    ['both modes', EINVAL, (a, buf) => a.registerUserfault(buf, { missing: true, wp: true })],
    ['UFFDIO_WRITEPROTECT', EINVAL, (a, buf) => a.writeProtectUserfault(buf)],
    ['its end', EINVAL, (a, buf) => a.writeProtectUserfault(buf, false)],
    ['FOLL_PIN', { code: 'HMMU_INVALID_ARGUMENT' }, (a, buf) => a.pin(buf.address, { dma: true }).drop()],
  ]

  test.each(cases)('%s is refused, and changes nothing', (_what, expected, call) => {
    const { machine, a, buf } = makeBuffer(2)
    const before = machine.hash()
    const error = errorOf(() => call(a, buf))
    expect(error).toMatchObject(expected)
    expect(error.message).toContain('this kernel has')
    expect(machine.hash()).toBe(before)
  })

  test('no mode of userfaultfd at all is refused', () => {
    const { a, buf } = makeBuffer(1)
    expect(errorOf(() => a.registerUserfault(buf, { missing: false }))).toMatchObject(EINVAL)
    a.registerUserfault(buf, { missing: true, wp: false })
    expect(a.mappings()[0]?.userfault).toBe(true)
  })
})

describe('Linux 6.12', () => {
  function newer(pages: number) {
    const machine = makeMachine({ profile: 'linux-6.12' })
    const a = machine.process()
    const buf = a.map({ pages })
    buf.touch()
    machine.drainPagevecs()
    return { machine, a, buf }
  }

  test('a pin for DMA is 1024 references, and is dropped as such', () => {
    const { machine, a, buf } = newer(1)
    const pin = a.pin(buf.address)
    const dma = a.pin(buf.address, { dma: true, write: true })
    expect([pin.kind, dma.kind]).toEqual(['pin', 'dma_pin'])
    machine.drainPagevecs()
    expect(machine.page(dma.pfn).refCount).toBe(1026)
    expect(machine.verify()).toEqual([])
    expect(codeOf(() => machine.release(dma))).toBe('HMMU_REFERENCE')
    machine.unpin(dma)
    expect(machine.page(pin.pfn).refCount).toBe(2)
    expect(codeOf(() => dma.drop())).toBe('HMMU_REFERENCE')
    expect(codeOf(() => machine.pageRef({ kind: 'dma_pin', pfn: pin.pfn }).drop())).toBe('HMMU_REFERENCE')
    pin.drop()
    expect(machine.verify()).toEqual([])
  })

  test('a copy of the machine has its pins for DMA', () => {
    const { machine, a, buf } = newer(1)
    const dma = a.pin(buf.address, { dma: true })
    const copy = machine.fork()
    copy.pageRef(dma).drop()
    expect([copy, machine].map((each) => each.page(dma.pfn).refCount)).toEqual([1, 1025])
    expect(copy.verify()).toEqual([])
  })

  test('a part of a huge page is pinned by one reference to all of it', () => {
    const { machine, a } = newer(1)
    const huge = a.map({ pages: 512, alignHuge: true })
    a.advise(huge, 'hugepage')
    huge.touch([0])
    machine.drainPagevecs()
    const before = machine.page(huge.dump(0, 1)[0]!.pfn).refCount
    const dma = a.pin(huge.pageAddress(7), { dma: true })
    expect(huge.dump(0, 1)[0]?.refCount).toBe(before + 1)
    expect(machine.verify()).toEqual([])
    dma.drop()
    expect(huge.dump(0, 1)[0]?.refCount).toBe(before)
  })

  test('userfaultfd write-protects what is present, and takes that back', () => {
    const { a, buf } = newer(2)
    expect(errorOf(() => a.writeProtectUserfault(buf))).toMatchObject({ code: 'HMMU_SYSCALL', errno: 'ENOENT' })
    a.registerUserfault(buf, { wp: true })
    a.writeProtectUserfault(buf.range(0, 1))
    expect(buf.dump().map(({ bits, uffdWp }) => [bits[0], uffdWp])).toEqual([
      ['p', true],
      ['w', false],
    ])
    a.writeProtectUserfault(buf, false)
    expect(buf.dump().map(({ uffdWp }) => uffdWp)).toEqual([false, false])
  })
})
