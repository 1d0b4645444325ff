// SPDX-License-Identifier: GPL-2.0-only
//
// What random drills have taught the judges: scenarios that are close to a finding, and are none; and two faults of both kernels.

import { addonInfo, type SwitchPoint } from '../../lib'
import { DEFAULT_POINTS, type ExploreOptions, exploreDrill } from '../../lib/explore'
import { testWithStacks } from './with-stacks'

/** In WebAssembly calls can't stop on stacks of their own. */
const pointsHere = (...points: SwitchPoint[]) =>
  addonInfo.backend === 'wasm' ? DEFAULT_POINTS : [...DEFAULT_POINTS, ...points]

const source = (text: string) => ({ name: 'test', file: 'test.drill', firstLine: 1, text })
const judgesOf = (text: string, options: ExploreOptions) =>
  exploreDrill(source(text), options).findings.map(({ judge }) => judge)

test.each([
  ['a mapping that the reaper leaves alone', 'A map buf anon 1\ntask a\n  A oom-reap\ntask c\n  A lock buf\n'],
  [
    'a page that stays in the swap cache',
    'swap 8\nA map buf anon 1\nA write buf 1\ntask a\n  A advise buf dontneed\ntask b\n  A reclaim buf\n  A read buf\n  A migrate buf to dev\n',
  ],
  ['the huge zero page', 'A map buf anon 512 at2m thp\nA write buf[0] 1\ntask a\n  A oom-reap\n'],
  [
    'a page that somebody else keeps on the device for a while',
    'A map buf anon 1\ntask a\n  A read buf\ntask b\n  A migrate buf to dev\n',
  ],
  ['a handler that fails', 'A map buf anon 1\ntask a\n  A read buf\ntask b\n  A migrate buf to dev\n  A lock buf\n'],
  [
    'MADV_FREE before the tasks begin',
    'swap 8\nA map buf anon 1\nA write buf 1\nA advise buf free\ntask b\n  A reclaim buf\n',
  ],
  [
    'two tasks that end their process',
    'A map buf anon 1\nA migrate buf to dev\ntask a\n  exit A\ntask b\n  exit A\ntask c\n  A write buf 3\n',
  ],
  [
    'a store of another process to shared memory',
    'A map buf sharedfile 1\nA write buf 1\nfork A B\ntask b proc=B\n  B write buf 2\ntask c\n  A clear\n',
  ],
])('%s is no finding', (_, text) => {
  for (const profile of ['linux-4.14-fixed', 'linux-6.12-fixed'] as const)
    expect(judgesOf(text, { profile })).toEqual([])
})

test.each([
  [
    'the exit of a process that waits for a page which is held',
    'A map buf anon 1\nA lock buf\ntask a\n  exit A\ntask b\n  A hold buf as h\n',
  ],
  [
    'a store by an old translation behind a store to a new page, while a call empties the place',
    'cpus 2\nA map buf anon 1\nA write buf 1\ntask a\n  A advise buf dontneed\ntask b cpu=1\n  A write buf 3\ntask c\n  A write buf 4\n',
  ],
  [
    'a load by an old translation behind a store to a new page, while a call empties the place',
    'cpus 2\nA map buf anon 1\nA write buf 1\ntask a cpu=1\n  A write buf 2\ntask b\n  A advise buf dontneed\ntask c\n  A read buf\n',
  ],
  [
    'the reclaim of a page whose rights have gone, and whose translations go later',
    'swap 8\nA map buf anon 1\nA write buf 1\ntask a\n  A read buf\ntask b\n  A reclaim buf\ntask c\n  A protect buf none\n',
  ],
])('%s is no finding where calls stop in their middle', (_, text) => {
  for (const profile of ['linux-4.14-fixed', 'linux-6.12-fixed'] as const)
    expect(judgesOf(text, { profile, points: pointsHere('fault', 'late-flush', 'reclaim') })).toEqual([])
})

test('a pin whose fault has become needless, and which asks for a page of its own then, does not go round', () => {
  const text =
    'A map buf anon 1\nA write buf 1\nfork A B\nA migrate buf to dev\ntask b proc=B\n  B pin buf as h dma\ntask c\n  A write buf 3\n'
  expect(judgesOf(text, { profile: 'linux-6.12-fixed', points: pointsHere('fault') })).toEqual([])
})

test.each([
  [
    'clear-keeps-write-entries',
    'A map buf anon 1\nA write buf 1\nA migrate buf to dev\ntask a\n  A clear\ntask b\n  A write buf 2\n',
  ],
  [
    'insert-device-not-soft-dirty',
    'A map buf anon 1\ntask a\n  A clear\n  A migrate buf to dev\ntask b\n  A write buf 2\n',
  ],
] as const)('%s loses a soft-dirty bit, which another fault hides in Linux 4.14', (quirk, text) => {
  const profile = 'linux-6.12'
  expect(judgesOf(text, { profile })).toEqual(['soft-dirty-lost'])
  expect(judgesOf(text, { profile, quirks: { [quirk]: false } })).toEqual([])
  expect(judgesOf(text, { profile: 'linux-6.12-fixed' })).toEqual([])
  expect(judgesOf(text, { profile: 'linux-6.12-fixed', quirks: { [quirk]: true } })).toEqual(['soft-dirty-lost'])
})

test('MADV_POPULATE of a reaped address space ends, wherever it stops', () => {
  const text = 'A map buf anon 2\ntask a\n  A oom-reap\ntask b\n  A advise buf populate_write\n'
  const { findings, outcomes } = exploreDrill(source(text), {
    profile: 'linux-6.12-fixed',
    points: pointsHere('fault', 'gup'),
  })
  expect(findings).toEqual([])
  expect(outcomes.map(({ sentence }) => sentence).sort()).toEqual(['a -; b -', 'a -; b EFAULT'])
})

test.each(['linux-4.14-fixed', 'linux-6.12-fixed'] as const)(
  'a handler that stops between two mappings goes on there: %s',
  (profile) => {
    const text =
      'A map buf anon 1\nA write buf 1\nA migrate buf to dev\nfork A B\ntask a\n  A read buf\ntask b proc=B\n  B write buf 2\n'
    const { findings, outcomes } = exploreDrill(source(text), { profile, points: pointsHere('unmap', 'restore') })
    expect(findings).toEqual([])
    for (const { sentence } of outcomes) expect(sentence).toMatch(/^a (0x01|EFAULT); b (-|EFAULT)$/)
  },
)

test('a page whose value no load can tell, because it is stuck on the device, has a value', () => {
  const text = 'A map buf anon 1\nA write buf 1\nfork A B\nB migrate buf to dev\ntask a proc=B\n  B unmap buf\n'
  expect(judgesOf(text, { profile: 'linux-4.14' })).toEqual([])
})

describe('deadlocks', () => {
  /** 4.14 waits for the lock of a page that it would copy. */
  const BEGIN = 'A map buf anon 2\nA write buf 1\nfork A B\n'
  const cross = (n: number, m = 1 - n) =>
    `${BEGIN}task m\n  A hold buf[0] as h\n  A write buf[1] 2\n  drop h\ntask n\n  A hold buf[${n}] as g\n  A write buf[${m}] 3\n  drop g\n`
  const options = { profile: 'linux-4.14-fixed' } as const

  test('are found where each task waits for what another one is to give back', () => {
    expect(judgesOf(cross(1), options)).toEqual(['deadlock'])
    expect(judgesOf(cross(0, 0).replace('A write buf[0] 3\n', ''), options)).toEqual([])
  })

  test.each([
    ['before the tasks begin', 'A hold buf[0] as h\ntask a\n  A write buf[0] 2\ntask b\n  A clear\n'],
    ['by a task that has ended', 'task a\n  A hold buf[0] as h\ntask b\n  A write buf[0] 2\n'],
    [
      'that is huge',
      'A map huge anon 512 at2m thp\nA write huge 1\nA clear\ntask a\n  A hold huge[0] as h\n  A lock huge[0]\n',
    ],
  ])('are none where the page was held %s', (_, text) => {
    expect(judgesOf(BEGIN + text, options)).toEqual([])
  })
})

test('behind the end of a file that grows there are zeroes', () => {
  const text =
    'A map buf sharedfile 3\nA write buf 1\nA truncate buf 1\ntask a\n  A truncate buf 3\n  A read buf[2]\ntask b\n  A read buf[1]\n'
  expect(judgesOf(text, { profile: 'linux-6.12-fixed' })).toEqual([])
})

testWithStacks.each(['linux-4.14', 'linux-6.12'] as const)(
  'munmap() waits for a fault that has stopped: %s',
  (profile) => {
    const text = 'A map buf anon 1\nA write buf 1\nfork A B\ntask a\n  A write buf 2\ntask b\n  A unmap buf\n'
    const { findings, outcomes } = exploreDrill(source(text), {
      profile,
      points: [...DEFAULT_POINTS, 'fault'],
      verify: true,
    })
    expect(findings).toEqual([])
    expect(outcomes.map(({ sentence }) => sentence)).toEqual(['a EFAULT; b -', 'a -; b -'])
  },
)
