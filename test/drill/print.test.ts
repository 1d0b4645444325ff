// SPDX-License-Identifier: GPL-2.0-only

import { PageEntry, PageFlag, PfnFlag } from '../../lib'
import { dumpLines, FrameNumbers } from '../../lib/drill/dump'
import { migrateWords } from '../../lib/drill/migrate-words'
import { Runs } from '../../lib/drill/runs'

describe('runs', () => {
  function runs(...results: [number, string][]): string {
    const list = new Runs()
    for (const [page, result] of results) list.add(page, result)
    return list.toString()
  }

  test('join equal results of neighbouring pages', () => {
    expect(runs([0, 'X'], [1, 'X'], [2, 'Y'], [3, 'X'])).toBe('[0-1] X [2] Y [3] X')
    expect(runs([7, 'X'])).toBe('[7] X')
    expect(runs([0, 'X'], [2, 'X'], [3, 'X'])).toBe('[0] X [2-3] X')
    expect(runs()).toBe('')
  })

  test('know whether all results are the same', () => {
    const list = new Runs()
    expect(list.isAll('ok')).toBe(true)
    list.add(0, 'ok')
    list.add(1, 'ok')
    expect(list.isAll('ok')).toBe(true)
    expect(list.isAll('SIGBUS')).toBe(false)
    list.add(2, 'SIGBUS')
    expect(list.isAll('ok')).toBe(false)
  })
})

describe('words of src and dst', () => {
  const { VALID, MIGRATE, LOCKED, WRITE, DEVICE, ERROR } = PfnFlag

  test('every combination prints its flags in order, without the page number', () => {
    for (let flags = 0; flags < 64; flags++) {
      const letters = [...'VMLWDE'].filter((_, bit) => (flags >> bit) & 1).join('')
      expect(migrateWords(BigUint64Array.of((0x12345678n << 6n) | BigInt(flags)), 3)).toBe(`[3] ${letters || '-'}`)
    }
    expect([VALID, MIGRATE, LOCKED, WRITE, DEVICE, ERROR]).toEqual([1, 2, 4, 8, 16, 32])
  })

  test('stand in runs that begin with the first page of the range', () => {
    const words = BigUint64Array.of(0x47n, 0x87n, 0n, 0n, 2n)
    expect(migrateWords(words, 10)).toBe('[10-11] VML [12-13] - [14] M')
  })

  test('may be a view into a larger buffer', () => {
    const words = BigUint64Array.of(1n, 2n, 4n, 8n).subarray(1, 3)
    expect(migrateWords(words, 0)).toBe('[0] M [1] L')
  })
})

describe('dump', () => {
  const LRU_FLAGS = PageFlag.UPTODATE | PageFlag.LRU | PageFlag.ACTIVE | PageFlag.SWAPBACKED

  function entry(kind: PageEntry['kind'], change: Partial<PageEntry> = {}): PageEntry {
    const bits = { write: false, dirty: false, accessed: false, softDirty: false, uffdWp: false, exclusive: false }
    const page = { pfn: 0, allocId: 0, device: false, refCount: 0, mapCount: 0, flags: 0, swapUsers: 0 }
    const fields = { address: 0, raw: 0n, kind, ...bits, ...page, ...change }
    return Object.assign(Object.create(PageEntry.prototype), fields) as PageEntry
  }

  function sys(pfn: number, change: Partial<PageEntry> = {}): PageEntry {
    return entry('sys', { pfn, allocId: 1, refCount: 1, mapCount: 1, flags: LRU_FLAGS, write: true, ...change })
  }

  function lines(...entries: PageEntry[]): string[] {
    return dumpLines(entries, 0, new FrameNumbers(), 'linux-4.14')
  }

  function lines612(...entries: PageEntry[]): string[] {
    return dumpLines(entries, 0, new FrameNumbers(), 'linux-6.12')
  }

  test('kinds without more', () => {
    const marker = entry('marker', { uffdWp: true })
    expect(lines(entry('none'), entry('none'), entry('nomap'), entry('special'), marker)).toEqual([
      '[0-1] none',
      '[2] nomap',
      '[3] special',
      '[4] marker',
    ])
  })

  test('kinds with bits only', () => {
    const bits = { write: true, dirty: true, accessed: true, softDirty: true }
    expect(lines(entry('zero'), entry('zero', { accessed: true }), entry('hzero', bits), entry('swap'))).toEqual([
      '[0] zero ----',
      '[1] zero --a-',
      '[2] hzero wdas',
      '[3] swap ----',
    ])
  })

  test('a page', () => {
    expect(lines(sys(9))).toEqual(['[0] sys w--- P0 ref=1 map=1 uptodate,lru,active,swapbacked'])
    expect(lines(sys(9, { flags: 0 }))).toEqual(['[0] sys w--- P0 ref=1 map=1 -'])
  })

  test('all flags in order, and none that a dump does not show', () => {
    const all = Object.values(PageFlag).reduce((flags, bit) => flags | bit, 0)
    expect(lines(sys(1, { flags: all }))).toEqual([
      '[0] sys w--- P0 ref=1 map=1 locked,uptodate,dirty,lru,active,referenced,swapbacked,unevictable,mlocked,head,tail,exclusive',
    ])
  })

  test('a swap entry of 6.12 shows the users of its slot, and its page while that is in the swap cache', () => {
    const swap = (change: Partial<PageEntry> = {}) => entry('swap', { swapUsers: 1, exclusive: true, ...change })
    const page = { allocId: 1, refCount: 2, flags: PageFlag.UPTODATE | PageFlag.SWAPCACHE }
    expect(lines612(swap(), swap(), swap({ swapUsers: 2, exclusive: false }))).toEqual([
      '[0-1] swap x--- n=1',
      '[2] swap ---- n=2',
    ])
    expect(lines612(swap({ pfn: 7, ...page }), swap({ pfn: 9, ...page }), swap({ pfn: 9, ...page }), swap())).toEqual([
      '[0-1] swap x--- n=1 P0-P1 ref=2 map=0 uptodate,swapcache',
      '[2] swap x--- n=1 P1 ref=2 map=0 uptodate,swapcache',
      '[3] swap x--- n=1',
    ])
    expect(lines(swap({ pfn: 7, ...page }), swap({ swapUsers: 2 }))).toEqual(['[0-1] swap x---'])
    expect(lines612(sys(1, { flags: PageFlag.EXCLUSIVE | PageFlag.SWAPCACHE }))).toEqual([
      '[0] sys w--- P0 ref=1 map=1 exclusive,swapcache',
    ])
  })

  test('neighbours make one line where their numbers go up by one and all else is equal, shown or not', () => {
    expect(lines(sys(30), sys(10), sys(20))).toEqual([
      '[0-2] sys w--- P0-P2 ref=1 map=1 uptodate,lru,active,swapbacked',
    ])
    const differing: Partial<PageEntry>[] = [
      { kind: 'huge' },
      { write: false },
      { dirty: true },
      { accessed: true },
      { softDirty: true },
      { uffdWp: true },
      { write: false, uffdWp: true },
      { write: false, exclusive: true },
      { refCount: 2 },
      { mapCount: 2 },
      { flags: LRU_FLAGS | PageFlag.DIRTY },
      { flags: LRU_FLAGS | PageFlag.EXCLUSIVE },
      { pfn: 1 },
    ]
    for (const change of differing) expect(lines(sys(1), sys(2, change))).toHaveLength(2)
    expect(lines(sys(1), sys(2, { flags: LRU_FLAGS | PageFlag.YOUNG }))).toHaveLength(1)
  })

  test('the first bit is that of writing; else of userfaultfd; else of an exclusive migration entry', () => {
    const mig = (change: Partial<PageEntry>) => lines(entry('mig', { pfn: 1, allocId: 1, ...change }))[0]?.slice(8, 12)
    expect(mig({ write: true, uffdWp: true, exclusive: true })).toBe('w---')
    expect(mig({ uffdWp: true, exclusive: true, dirty: true })).toBe('pd--')
    expect(mig({ exclusive: true, accessed: true, softDirty: true })).toBe('x-as')
    expect(mig({})).toBe('----')
  })

  test('a device-exclusive entry shows its system page', () => {
    const excl = entry('excl', { pfn: 5, allocId: 1, refCount: 1, write: true, flags: PageFlag.EXCLUSIVE })
    expect(lines(excl)).toEqual(['[0] excl w--- P0 ref=1 map=0 exclusive'])
  })

  test('device pages have their own numbers', () => {
    const device = (number: number, kind: PageEntry['kind'] = 'dev') =>
      entry(kind, { pfn: 1000 + number, allocId: number, device: true, refCount: 2, mapCount: 1 })
    expect(lines(device(3), device(4), device(6), device(7, 'mig'))).toEqual([
      '[0-1] dev ---- D3-D4 ref=2 map=1 -',
      '[2] dev ---- D6 ref=2 map=1 -',
      '[3] mig ---- D7 ref=2 map=1 -',
    ])
  })

  test('frames keep their number until they are allocated anew', () => {
    const frames = new FrameNumbers()
    const of = (entry: PageEntry) => /P\d+/.exec(dumpLines([entry], 0, frames, 'linux-4.14')[0]!)?.[0]
    expect(of(sys(5))).toBe('P0')
    expect(of(sys(7))).toBe('P1')
    expect(of(sys(5))).toBe('P0')
    expect(of(sys(5, { allocId: 2 }))).toBe('P2')
    expect(of(sys(5, { allocId: 2, kind: 'mig' }))).toBe('P2')
  })

  test('pages are numbered from the first of the place', () => {
    expect(dumpLines([entry('none'), entry('none')], 40, new FrameNumbers(), 'linux-4.14')).toEqual(['[40-41] none'])
  })
})
