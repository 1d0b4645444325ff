// SPDX-License-Identifier: GPL-2.0-only
//
// The matchers of hmmu/jest: when they pass, and their messages when they fail.

import '../../lib/jest'
import { stripVTControlCharacters } from 'node:util'
import { expect as importedExpect } from '@jest/globals'
import { HmmuError, type Machine } from '../../lib'
import { makeBuffer } from '../api/helpers'

// No records: messages are compared as a whole.
process.env.HMMU_RECORDS = ''

/** The message of a failing matcher, line by line, without parts that depend on page frame numbers. */
function saidBy(check: () => void): string[] {
  try {
    check()
  } catch (error) {
    if (error instanceof HmmuError) throw error
    return stripVTControlCharacters((error as Error).message)
      .replace(/#\d+/g, '#n')
      .replace(/test\.ts:\d+/g, 'test.ts:n')
      .split('\n')
  }
  throw new Error('the matcher did not fail')
}

/** Four pages, the second of which is pinned and the fourth a hole, on their way to the device. */
function migrated() {
  const { machine, a, buf } = makeBuffer(4, 3)
  const pin = a.pin(buf.pageAddress(1))
  const result = a.migrate(buf, {
    allocAndCopy(entries, driver) {
      for (const entry of entries) if (entry.migrate && entry.valid) driver.moveToDevice(entry)
    },
  })
  machine.drainPagevecs()
  return { machine, a, buf, pin, result }
}

const TABLE = [
  '  page  entry  bits  frame  refs  maps  flags',
  '  0     dev    w---  D0     2     1     uptodate,active,swapbacked',
  '  1     sys    w--s  #n     2     1     uptodate,lru,active,referenced,swapbacked',
  '  2     dev    w---  D1     2     1     uptodate,active,swapbacked',
  '  3     none',
]

const HELD = ['These pages are held:', '  page 1 (#n): pinned since matchers.test.ts:n']

const RESULT = [
  'MigrationResult: 2 of 4 pages moved',
  '  page  src       dst      why',
  '  0     VMLW  #n  VLD  D0',
  '  1     -         -        pinned',
  '  2     VMLW  #n  VLD  D1',
  '  3     -         -        no_page',
]

describe('toBeDevicePrivate', () => {
  test('mappings, dumps and entries', () => {
    const { buf } = migrated()
    expect(buf).toBeDevicePrivate([0, 2])
    expect(buf).not.toBeDevicePrivate([1, 3])
    expect(buf.dump(0, 1)).toBeDevicePrivate()
    expect(buf.dump()[3]).not.toBeDevicePrivate()
  })

  test('what it says', () => {
    const { buf } = migrated()
    expect(saidBy(() => expect(buf).toBeDevicePrivate())).toEqual([
      'expect(pages).toBeDevicePrivate()',
      '',
      'Expected pages 0-3 to be device-private, wrong: pages 1, 3',
      ...TABLE,
      ...HELD,
    ])
    expect(saidBy(() => expect(buf).not.toBeDevicePrivate([3, 2]))).toEqual([
      'expect(pages).not.toBeDevicePrivate([ 3, 2 ])',
      '',
      'Expected pages 2-3 not to be device-private, wrong: page 2',
      ...TABLE,
    ])
  })
})

describe('toHaveEntry', () => {
  test('properties, flags, and asymmetric matchers', () => {
    const { buf } = migrated()
    expect(buf).toHaveEntry({ kind: 'dev', write: true, refCount: 2, withoutFlags: ['lru'] }, [0, 2])
    expect(buf).toHaveEntry({ kind: 'sys', flags: ['lru', 'active'] }, 1)
    expect(buf).toHaveEntry({ kind: expect.stringMatching(/^(sys|dev)$/), mapCount: 1 }, [0, 1, 2])
    expect(buf).not.toHaveEntry({ kind: 'none' }, [0, 1, 2])
    expect(buf).not.toHaveEntry({ flags: ['dirty'] })
  })

  test('what it says', () => {
    const { buf } = migrated()
    const expected = { kind: 'dev', refCount: 1, flags: ['lru', 'uptodate'], withoutFlags: ['active'] } as const
    expect(saidBy(() => expect(buf).toHaveEntry(expected, [0, 1, 2]))).toEqual([
      "expect(pages).toHaveEntry({ kind: 'dev', refCount: 1, flags: [ 'lru', 'uptodate' ], withoutFlags: [ 'active' ] }, [ 0, 1, 2 ])",
      '',
      'Expected pages 0-2 to have this entry, wrong: pages 0-2',
      '  pages 0, 2: refCount is 2, not 1; flags without lru; flags with active',
      "  page 1: kind is 'sys', not 'dev'; refCount is 2, not 1; flags with active",
      ...TABLE,
      ...HELD,
    ])
    expect(saidBy(() => expect(buf.dump()[0]).not.toHaveEntry({ kind: 'dev' }))).toEqual([
      "expect(pages).not.toHaveEntry({ kind: 'dev' })",
      '',
      'Expected page 0 not to have this entry',
      ...TABLE.slice(0, 2),
    ])
  })
})

describe('toHaveMoved and toHaveReason', () => {
  test('results, and single entries', () => {
    const { result } = migrated()
    expect(result).toHaveMoved([0, 2])
    expect(result).not.toHaveMoved([1, 3])
    expect(result).toHaveReason('pinned', 1)
    expect(result).toHaveReason('none', [0, 2])
    expect(result.entries[3]).toHaveReason('no_page')
    expect(result.entries).not.toHaveReason('driver_error')
  })

  test('nothing has moved where the driver was not called', () => {
    const { a, buf } = makeBuffer(1)
    const pin = a.pin(buf.address)
    const result = a.migrate(buf, { to: 'device' })
    expect(result.callbacksRan).toBe(false)
    expect(result).not.toHaveMoved()
    pin.drop()
  })

  test('what a driver sees', () => {
    const { a, buf } = makeBuffer(2, 2)
    a.migrate(buf, {
      allocAndCopy: (entries, driver) => driver.moveToDevice(entries.at(1)),
      finalizeAndMap(entries) {
        expect(entries).toHaveMoved(1)
        expect(entries).not.toHaveMoved(0)
      },
    })
    expect(buf).toBeDevicePrivate(1)
  })

  test('what they say', () => {
    const { result } = migrated()
    expect(saidBy(() => expect(result).toHaveMoved())).toEqual([
      'expect(migration).toHaveMoved()',
      '',
      'Expected pages 0-3 to have moved, wrong: pages 1, 3',
      ...RESULT,
      ...HELD,
    ])
    expect(saidBy(() => expect(result).not.toHaveReason('pinned'))).toEqual([
      "expect(migration).not.toHaveReason('pinned')",
      '',
      "Expected pages 0-3 not to have the reason 'pinned', wrong: page 1",
      ...RESULT,
      ...HELD,
    ])
    expect(saidBy(() => expect(result.entries[1]).toHaveMoved())).toEqual([
      'expect(migration).toHaveMoved()',
      '',
      'Expected page 0 to have moved',
      'MigrationEntry 1 { src -, dst -, why pinned }',
    ])
  })
})

describe('toBeBalanced', () => {
  test('a machine that is', () => {
    expect(makeBuffer(1).machine).toBeBalanced()
  })

  test('what it says of one that is not', () => {
    // No call of the API can unbalance a machine.
    const machine = { verify: () => ['page 7: 2 references, 1 explained', 'page 9 is locked by nobody'] }
    expect(machine).not.toBeBalanced()
    expect(saidBy(() => expect(machine).toBeBalanced())).toEqual([
      'expect(machine).toBeBalanced()',
      '',
      'verify() complains:',
      '  page 7: 2 references, 1 explained',
      '  page 9 is locked by nobody',
      '{ verify: [Function: verify] }',
    ])
  })

  test('what it says of one that should not be', () => {
    const { machine } = makeBuffer(1)
    const [head, , text, first] = saidBy(() => expect(machine).not.toBeBalanced())
    expect(head).toBe('expect(machine).not.toBeBalanced()')
    expect(text).toBe('Expected verify() to complain, and it does not:')
    expect(first).toMatch(/^Machine linux-4\.14: /)
  })
})

describe('toHaveNoLeaks', () => {
  test('a machine that has none', () => {
    expect(makeBuffer(1).machine).toHaveNoLeaks()
  })

  test('what it says of one that has some', () => {
    const { machine, a, buf } = makeBuffer(1)
    a.migrate(buf, {
      allocAndCopy(_entries, driver) {
        driver.lock(driver.allocDevicePage() as number)
      },
    })
    expect(machine).not.toHaveNoLeaks()
    expect(saidBy(() => expect(machine).toHaveNoLeaks())).toEqual([
      'expect(machine).toHaveNoLeaks()',
      '',
      'Drivers have allocated these pages, and neither placed nor put them:',
      '  page  kind    references  alloc id  flags',
      '  D0    device  2           0         locked,device',
    ])
  })

  test('what it says of one that should have some', () => {
    const { machine } = makeBuffer(1)
    const [head, , text, first] = saidBy(() => expect(machine).not.toHaveNoLeaks())
    expect(head).toBe('expect(machine).not.toHaveNoLeaks()')
    expect(text).toBe('Expected drivers to have pages, and they have none:')
    expect(first).toMatch(/^Machine linux-4\.14: /)
  })
})

describe('toMatchDrill', () => {
  const drill = 'A map buf anon 1\nA read buf[0]\nA dump buf\n'
  const transcript = `
A map buf anon 1
A read buf[0]
  [0] 0x00
A dump buf
  [0] zero --a-
`

  test('a transcript, with and without line ends around it', () => {
    expect(drill).toMatchDrill(transcript)
    expect(drill).toMatchDrill(transcript.trim(), { verify: true, profile: 'linux-4.14-fixed' })
    expect(drill).not.toMatchDrill('A map buf anon 1')
  })

  test('what it says', () => {
    expect(saidBy(() => expect(drill).toMatchDrill(transcript.replace('zero', 'none')))).toEqual([
      'expect(drill).toMatchDrill(transcript)',
      '',
      'The drill prints another transcript:',
      '- Expected',
      '+ Received',
      '',
      '  A map buf anon 1',
      '  A read buf[0]',
      '    [0] 0x00',
      '  A dump buf',
      '-   [0] none --a-',
      '+   [0] zero --a-',
    ])
    expect(saidBy(() => expect(drill).not.toMatchDrill(transcript))).toEqual([
      'expect(drill).not.toMatchDrill(transcript)',
      '',
      'Expected the drill to print anything else than:',
      ...transcript.trim().split('\n'),
    ])
  })

  test('a drill that is none matches nothing, nor does it not match', () => {
    const said = /^expect.*\n\nThe drill can't be carried out: drill:2:3: expected a command .*, found 'jump'$/
    const broken = 'A map buf anon 1\nA jump buf'
    expect(saidBy(() => expect(broken).toMatchDrill('')).join('\n')).toMatch(said)
    expect(saidBy(() => expect(broken).not.toMatchDrill('')).join('\n')).toMatch(said)
  })
})

describe('what is no question', () => {
  const message = (check: () => void) => {
    try {
      check()
    } catch (error) {
      return error instanceof HmmuError ? `${error.code}: ${error.message}` : error
    }
    return 'nothing was thrown'
  }

  test('other subjects', () => {
    const { buf, result } = migrated()
    expect(message(() => expect(5).toBeDevicePrivate())).toBe(
      'HMMU_INVALID_ARGUMENT: what toBeDevicePrivate() looks at must be a Mapping, a PageEntry or an array of these with one at least, not 5',
    )
    expect(message(() => expect([]).not.toHaveEntry({ kind: 'dev' }))).toMatch(/toHaveEntry\(\) looks at.*not \[\]$/)
    expect(message(() => expect(undefined).toBeBalanced())).toMatch(/must be a Machine, not undefined$/)
    expect(message(() => expect({}).toHaveNoLeaks())).toMatch(/must be a Machine, not /)
    expect(message(() => expect(buf).toHaveMoved())).toMatch(/must be a MigrationResult, .*, not \[?Mapping/)
    expect(message(() => expect(result).toBeDevicePrivate())).toMatch(/must be a Mapping, /)
    expect(message(() => expect(7).toMatchDrill(''))).toMatch(/must be the text of a drill, not 7$/)
  })

  test('other arguments', () => {
    const { buf, result } = migrated()
    const wrong = (value: unknown) => value as never
    expect(message(() => expect(buf).toBeDevicePrivate(4))).toMatch(/page must be an integer from 0 to 3, not 4$/)
    expect(message(() => expect(buf).toBeDevicePrivate([]))).toMatch(/pages must name one page at least$/)
    expect(message(() => expect(buf).toHaveEntry({}))).toMatch(/must have one at least of kind, /)
    expect(message(() => expect(buf).toHaveEntry(wrong(undefined)))).toMatch(/must have one at least of kind, /)
    expect(message(() => expect(buf).toHaveEntry(wrong({ knd: 'dev' })))).toMatch(
      /has no property 'knd'; there are: 'kind'/,
    )
    expect(message(() => expect(buf).toHaveEntry({ flags: wrong(['LRU']) }))).toMatch(
      /page flag must be one of 'locked', /,
    )
    expect(message(() => expect(result).toHaveReason(wrong('because')))).toMatch(/why must be one of 'none', /)
    expect(message(() => expect('').toMatchDrill(wrong(1)))).toMatch(/the transcript must be a text, not 1$/)
  })
})

test('the expect that is imported has them, too, by name and by type', () => {
  const { machine, buf, result } = migrated()
  importedExpect(machine as Machine).toBeBalanced()
  importedExpect(buf).not.toBeDevicePrivate(1)
  importedExpect(result).toHaveReason('pinned', 1)
})
