// SPDX-License-Identifier: GPL-2.0-only

import type { Kernel } from '../../lib/base/kernel'
import type { Command } from '../../lib/drill/ast'
import { DrillError } from '../../lib/drill/errors'
import { parseDrill } from '../../lib/drill/parse'

function parse(text: string, kernel?: Kernel) {
  return parseDrill({ name: 'test', file: 'test.drill', firstLine: 1, text }, kernel)
}

/** The only command of a drill, without what all commands have. */
function parseOne(text: string, kernel?: Kernel): Partial<Command> {
  const { commands } = parse(text, kernel)
  expect(commands).toHaveLength(1)
  const { text: echo, position, ...rest } = commands[0]!
  expect(echo).toBe(text)
  expect(position).toEqual({ file: 'test.drill', line: 1, column: 1 })
  return rest
}

function expectError(text: string, kernel: Kernel | undefined, message: string): void {
  let error: unknown
  try {
    parse(text, kernel)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(DrillError)
  const drillError = error as DrillError
  expect(drillError.code).toBe('HMMU_DRILL_SYNTAX')
  expect(drillError.message.slice(0, `test.drill:${message}`.length)).toBe(`test.drill:${message}`)
  expect(drillError.message).toBe(
    `test.drill:${drillError.position?.line}:${drillError.position?.column}: ${drillError.reason}`,
  )
}

const place = (region: string, first?: number, last?: number) => ({ region, first, last })
const ofA = { process: 'A' }
const map = { ...ofA, verb: 'map', region: 'buf', readOnly: false, at2m: false, thp: false }
const migrate = {
  ...ofA,
  verb: 'migrate',
  place: place('buf'),
  skip: [],
  error: [],
  select: undefined,
  owner: 'device',
  interleaved: [],
}
const mirror = { ...ofA, verb: 'mirror', place: place('buf'), fault: false, write: false, owner: 'device' }
const evict = { verb: 'evict', interleaved: [] }

describe('each command', () => {
  test.each<[string, object]>([
    ['A map buf anon 4', { ...map, kind: 'anon', pages: 4 }],
    ['A map buf shmem 4 ro', { ...map, kind: 'shmem', pages: 4, readOnly: true }],
    ['A map buf file 4 at2m', { ...map, kind: 'file', pages: 4, at2m: true }],
    ['A map buf sharedfile 4 thp', { ...map, kind: 'sharedfile', pages: 4, thp: true }],
    ['A map buf hugetlb 1024', { ...map, kind: 'hugetlb', pages: 1024 }],
    ['A map buf special 64', { ...map, kind: 'special', pages: 64 }],
    ['A map buf anon 4 thp ro at2m', { ...map, kind: 'anon', pages: 4, readOnly: true, at2m: true, thp: true }],
    ['A unmap buf[3]', { ...ofA, verb: 'unmap', place: place('buf', 3, 3) }],
    ['A protect buf r', { ...ofA, verb: 'protect', place: place('buf'), prot: 'r' }],
    ['A protect buf rw', { ...ofA, verb: 'protect', place: place('buf'), prot: 'rw' }],
    ['A protect buf none', { ...ofA, verb: 'protect', place: place('buf'), prot: 'none' }],
    ['A lock buf', { ...ofA, verb: 'lock', place: place('buf') }],
    ['A unlock buf', { ...ofA, verb: 'unlock', place: place('buf') }],
    ['A write buf[2-5] 0xfF', { ...ofA, verb: 'write', place: place('buf', 2, 5), value: 255 }],
    ['A write buf 17', { ...ofA, verb: 'write', place: place('buf'), value: 17 }],
    ['B2 read buf', { process: 'B2', verb: 'read', place: place('buf') }],
    ['A clear', { ...ofA, verb: 'clear' }],
    ['A uffd buf', { ...ofA, verb: 'uffd', place: place('buf'), wp: false }],
    ['fork A B', { ...ofA, verb: 'fork', child: 'B' }],
    ['exit B', { verb: 'exit', process: 'B' }],
    [
      'A pin buf as h0',
      { ...ofA, verb: 'pin', place: place('buf'), handle: 'h0', write: false, dma: false, longterm: false },
    ],
    [
      'A pin buf as h0 write',
      { ...ofA, verb: 'pin', place: place('buf'), handle: 'h0', write: true, dma: false, longterm: false },
    ],
    ['A hold buf[1] as h', { ...ofA, verb: 'hold', place: place('buf', 1, 1), handle: 'h' }],
    ['A isolate buf[1] as h', { ...ofA, verb: 'isolate', place: place('buf', 1, 1), handle: 'h' }],
    ['drop h', { verb: 'drop', handle: 'h' }],
    ['A migrate buf to dev', { ...migrate, to: 'dev' }],
    ['A migrate buf to sys', { ...migrate, to: 'sys' }],
    [
      'A migrate buf to dev error=9 skip=1,3-5',
      {
        ...migrate,
        to: 'dev',
        skip: [
          { first: 1, last: 1 },
          { first: 3, last: 5 },
        ],
        error: [{ first: 9, last: 9 }],
      },
    ],
    ['A dump buf', { ...ofA, verb: 'dump', place: place('buf') }],
    ['A count', { ...ofA, verb: 'count' }],
    ['A reclaim buf[1-2]', { ...ofA, verb: 'reclaim', place: place('buf', 1, 2) }],
    ['A oom-reap', { ...ofA, verb: 'oom-reap' }],
    ['A cpu 1', { ...ofA, verb: 'cpu', cpu: 1 }],
    ['A watch', { ...ofA, verb: 'watch' }],
  ])('%s', (text, expected) => {
    expect(parseOne(text)).toEqual(expected)
  })

  test.each(['dontneed', 'free', 'hugepage', 'nohugepage', 'dontfork', 'unmergeable'])('A advise buf %s', (advice) => {
    expect(parseOne(`A advise buf ${advice}`)).toEqual({ ...ofA, verb: 'advise', place: place('buf'), advice })
  })

  test.each<[string, object]>([
    ['A remap buf[1-2] as new', { ...ofA, verb: 'remap', place: place('buf', 1, 2), region: 'new' }],
    ['A uffd buf', { ...ofA, verb: 'uffd', place: place('buf'), wp: false }],
    ['A uffd buf[1] wp', { ...ofA, verb: 'uffd', place: place('buf', 1, 1), wp: true }],
    ['A mirror buf', { ...mirror }],
    ['A mirror buf fault', { ...mirror, fault: true }],
    ['A mirror buf fault write', { ...mirror, fault: true, write: true }],
    ['A mirror buf owner=other write fault', { ...mirror, fault: true, write: true, owner: 'other' }],
    ['A exclusive buf[1]', { ...ofA, verb: 'exclusive', place: place('buf', 1, 1) }],
    ['evict all', { ...evict, kind: 'private', pages: undefined }],
    ['evict coh', { ...evict, kind: 'coherent', pages: undefined }],
    ['evict C[3-9]', { ...evict, kind: 'coherent', pages: { first: 3, last: 9 } }],
    ['evict D[3]', { ...evict, kind: 'private', pages: { first: 3, last: 3 } }],
    ['evict D[3-9]', { ...evict, kind: 'private', pages: { first: 3, last: 9 } }],
    ['A migrate buf to dev select=private', { ...migrate, to: 'dev', select: ['private'] }],
    ['A migrate buf to sys select=system,private', { ...migrate, to: 'sys', select: ['system', 'private'] }],
    ['A migrate buf to sys owner=other', { ...migrate, to: 'sys', owner: 'other' }],
    [
      'A migrate buf to sys owner=other skip=2 select=system',
      { ...migrate, to: 'sys', skip: [{ first: 2, last: 2 }], select: ['system'], owner: 'other' },
    ],
    [
      'A pin buf as h dma',
      { ...ofA, verb: 'pin', place: place('buf'), handle: 'h', write: false, dma: true, longterm: false },
    ],
    [
      'A pin buf as h write dma',
      { ...ofA, verb: 'pin', place: place('buf'), handle: 'h', write: true, dma: true, longterm: false },
    ],
    [
      'A pin buf as h longterm',
      { ...ofA, verb: 'pin', place: place('buf'), handle: 'h', write: false, dma: false, longterm: true },
    ],
    [
      'A pin buf as h dma write',
      { ...ofA, verb: 'pin', place: place('buf'), handle: 'h', write: true, dma: true, longterm: false },
    ],
    ...['free', 'populate_read', 'populate_write', 'cold', 'pageout', 'collapse'].map((advice): [string, object] => [
      `A advise buf ${advice}`,
      { ...ofA, verb: 'advise', place: place('buf'), advice },
    ]),
  ])('of a linux-6.12 drill: %s', (text, expected) => {
    expect(parseOne(text, 'linux-6.12')).toEqual(expected)
  })

  test('what describes the machine stands beside the commands', () => {
    const drill = parse('# a small device\ndevmem 3\ncpus 2\nswap 8\nA count\n')
    expect(drill.head).toMatchObject([
      { verb: 'devmem', pages: 3 },
      { verb: 'cpus', count: 2 },
      { verb: 'swap', pages: 8 },
    ])
    expect(drill.commands).toHaveLength(1)
  })
})

describe('lines', () => {
  test('comments, blank lines, line ends and spaces', () => {
    const { commands } = parse('\n# all comment\r\n  A   count # behind\r\n\t\nA dump  buf#tight\n')
    expect(commands.map((command) => command.text)).toEqual(['A count', 'A dump buf'])
    expect(commands.map((command) => command.position)).toEqual([
      { file: 'test.drill', line: 3, column: 3 },
      { file: 'test.drill', line: 5, column: 1 },
    ])
  })

  test('interleaved commands belong to the migrate above, in their order', () => {
    const { commands } = parse('A migrate buf to dev\n\n  @final A dump buf\n\t@alloc fork  A B # x\nA count\n')
    expect(commands.map((command) => command.verb)).toEqual(['migrate', 'count'])
    const first = commands[0]!
    const lines = first.verb === 'migrate' ? first.interleaved : []
    expect(lines.map(({ callback, command }) => [callback, command.text])).toEqual([
      ['final', 'A dump buf'],
      ['alloc', 'fork A B'],
    ])
  })

  test('interleaved commands may belong to an evict, and may be mirror and exclusive', () => {
    const { commands } = parse(
      'evict all\n  @alloc A mirror buf\n  @final exit A\n  @final B exclusive buf',
      'linux-6.12',
    )
    const lines = commands.flatMap((command) => (command.verb === 'evict' ? command.interleaved : []))
    expect(lines.map(({ callback, command }) => [callback, command.verb])).toEqual([
      ['alloc', 'mirror'],
      ['final', 'exit'],
      ['final', 'exclusive'],
    ])
  })

  test('the first line of a part of a file counts from there', () => {
    const source = { name: 'x', file: 'all.drills', firstLine: 70, text: 'A count\nA cuont\n' }
    expect(() => parseDrill(source)).toThrow(/^all\.drills:71:3: expected a command /)
  })
})

describe('tasks', () => {
  const TASKS = `cpus 2
A map buf anon 1
task M
  A write buf 1
  fork A B
task S2 cpu=1 proc=B
  drop h
expect no-livelock
expect finds lost-write with collect-flush-late
expect no-finding
`

  test('have commands, a CPU and a process', () => {
    const { commands, tasks } = parse(TASKS)
    expect(commands).toHaveLength(1)
    expect(tasks).toMatchObject([
      { name: 'M', cpu: 0, process: 'A', text: 'task M', commands: [{ verb: 'write' }, { verb: 'fork' }] },
      { name: 'S2', cpu: 1, process: 'B', commands: [{ verb: 'drop', text: 'drop h' }] },
    ])
    expect(tasks[1]!.position).toMatchObject({ line: 6, column: 1 })
  })

  test('have expectations', () => {
    expect(parse(TASKS).expectations).toMatchObject([
      { sense: 'no', judge: 'livelock', quirk: undefined },
      { sense: 'finds', judge: 'lost-write', quirk: 'collect-flush-late' },
      { sense: 'no', judge: 'finding', quirk: undefined },
    ])
  })

  test.each<[string, string]>([
    ['task', '1:5: expected a name of the task (letters and digits), found the end of the line'],
    ['task m-1', "1:6: expected a name of the task (letters and digits), found 'm-1'"],
    ['task M on=1', "1:8: expected cpu=N, proc=PROCESS or the end of the line, found 'on=1'"],
    [
      'task M cpu=1',
      "1:12: expected a CPU of the machine (0), found '1'; a first line 'cpus N' gives the machine more",
    ],
    ['cpus 2\ntask M cpu=x', "2:12: expected a CPU of the machine (0 to 1), found 'x'"],
    ['task M proc=b', "1:13: expected a process (upper-case letters and digits), found 'b'"],
    ['task M cpu=0 cpu=0', "1:14: 'cpu=' stands there twice"],
    ['task M\ntask M', '2:1: there is a task M already'],
    ['task M\nA count', '2:1: commands behind a task belong to it, and start with white space'],
    ['task M\n  A dump buf', "2:3: dump can't stand in a task (all but devmem, "],
    ['task M\n  B read buf', "2:3: task M is of process A, so it can't run a command of B (write 'proc=B' behind "],
    ['task M\n  A migrate buf to dev\n    @alloc A read buf', '3:5: there are no interleaved lines in a task'],
    ['expect livelock', '1:8: expected finds, or what must not be found (no-finding, no-verify, '],
    ['expect finds no-livelock', '1:14: expected what must be found (finding, verify, '],
    ['expect finds livelock with luck', '1:28: expected a quirk (hole-dst-index, '],
    ['expect finds livelock if', "1:23: expected with or the end of the line, found 'if'"],
    ['expect no-livelock with', "1:20: expected the end of the line, found 'with'"],
    ['A count\ncpus 2', '2:1: cpus is only allowed as the first command'],
  ])('%j', (text, message) => {
    expectError(text, undefined, message)
  })
})

describe('errors name line and column, what is allowed and what was found', () => {
  test.each<[string, string]>([
    [
      'foo',
      "1:1: expected a process (upper-case letters and digits), devmem, swap, cpus, fork, exit or drop, found 'foo'",
    ],
    ['A', '1:2: expected a command (map, unmap, '],
    ['A constructor', '1:3: expected a command (map, unmap, '],
    ['A map BUF anon 4', "1:7: expected a region (a lower-case word), found 'BUF'"],
    [
      'A map buf anom 4',
      '1:11: expected a kind of mapping (anon, shmem, file, sharedfile, hugetlb or special), found ',
    ],
    ['A map buf anon', '1:15: expected a number of pages (1 to 268435455), found the end of the line'],
    ['A map buf anon 0', "1:16: expected a number of pages (1 to 268435455), found '0'"],
    ['A map buf anon 0x4', "1:16: expected a number of pages (1 to 268435455), found '0x4'"],
    ['A map buf special 65', "1:19: expected a number of pages (1 to 64), found '65'"],
    ['A map buf hugetlb 500', "1:19: expected a multiple of 512 pages for hugetlb, found '500'"],
    ['A map buf anon 4 wo', "1:18: expected ro, at2m, thp or the end of the line, found 'wo'"],
    ['A map buf anon 4 ro wo', "1:21: expected at2m, thp or the end of the line, found 'wo'"],
    ['A map buf anon 4 ro ro', "1:21: 'ro' stands there twice"],
    ['A unmap buf[', "1:9: expected a place (REGION, REGION[PAGE] or REGION[FIRST-LAST]), found 'buf['"],
    ['A unmap buf[5-3]', "1:15: expected a last page of at least 5, found '3'"],
    ['A unmap buf[300000000]', "1:13: expected a page number (0 to 268435455), found '300000000'"],
    ['A unmap buf[1-300000000]', "1:15: expected a page number (0 to 268435455), found '300000000'"],
    ['A unmap', '1:8: expected a place (REGION, REGION[PAGE] or REGION[FIRST-LAST]), found the end of the line'],
    ['A protect buf rwx', "1:15: expected access rights (r, rw or none), found 'rwx'"],
    [
      'A advise buf dofork',
      '1:14: expected an advice (dontneed, free, hugepage, nohugepage, dontfork or unmergeable), found ',
    ],
    ['A write buf 256', "1:13: expected a byte (0 to 255, or 0x0 to 0xff), found '256'"],
    ['A write buf 0x', "1:13: expected a byte (0 to 255, or 0x0 to 0xff), found '0x'"],
    ['A read buf 1', "1:12: expected the end of the line, found '1'"],
    ['A pin buf h', "1:11: expected a name for it (as), found 'h'"],
    ['A pin buf as H', "1:14: expected a handle (a lower-case word), found 'H'"],
    ['A pin buf as h read', "1:16: expected write or the end of the line, found 'read'"],
    ['A migrate buf dev', "1:15: expected a direction (to), found 'dev'"],
    ['A migrate buf to gpu', "1:18: expected a destination (dev or sys), found 'gpu'"],
    ['A migrate buf to dev skip', "1:22: expected skip=PAGES, error=PAGES or the end of the line, found 'skip'"],
    ['A migrate buf to dev skip=1,x', "1:29: expected page numbers (I or I-J, separated by commas), found 'x'"],
    ['A migrate buf to dev skip=', "1:27: expected page numbers (I or I-J, separated by commas), found ''"],
    ['A migrate buf to dev skip=4-2', "1:29: expected a last page of at least 4, found '2'"],
    ['A migrate buf to dev skip=1 skip=2', "1:29: 'skip=' stands there twice"],
    ['fork A b', "1:8: expected a process (upper-case letters and digits), found 'b'"],
    ['exit', '1:5: expected a process (upper-case letters and digits), found the end of the line'],
    ['drop', '1:5: expected a handle (a lower-case word), found the end of the line'],
    ['devmem x', "1:8: expected a number of pages (0 to 268435455), found 'x'"],
    ['A count\ndevmem 4', '2:1: devmem is only allowed as the first command'],
    ['devmem 4\ndevmem 4', '2:1: devmem stands there twice'],
    ['=== name', '1:1: expected a process'],
    ['  @alloc A count', '1:3: interleaved lines belong under a migrate'],
    ['A count\n  @alloc A count', '2:3: interleaved lines belong under a migrate'],
    ['A migrate b to dev\n@alloc A count', '2:1: interleaved lines (@alloc, @final) start with white space'],
    ['A migrate b to dev\n  @now A count', "2:3: expected @alloc or @final, found '@now'"],
    ['A migrate b to dev\n  @alloc', '2:9: expected a process'],
    [
      'A migrate b to dev\n  @alloc A watch',
      "2:10: watch can't be interleaved (all but devmem, swap, cpus, migrate, watch can)",
    ],
    ['A migrate b to dev\n  @alloc devmem 1', "2:10: devmem can't be interleaved"],
    ['A migrate b to dev\n  @alloc B migrate b to dev', "2:10: migrate can't be interleaved"],
    ['A migrate b to dev\n  @final exit A', "2:10: process A migrates and can't exit meanwhile (others can)"],
  ])('%s', (text, message) => {
    expectError(text, undefined, message)
  })

  const COMMANDS =
    'map, unmap, protect, advise, lock, unlock, write, read, clear, uffd, pin, hold, isolate, migrate, dump'
  const NEEDS_6_12 = ', which needs the profile linux-6.12 (this drill is for linux-4.14)'

  test.each<[string, string]>([
    [
      'A remap buf as new',
      `1:3: expected a command (${COMMANDS}, count, watch, reclaim, oom-reap or cpu), found 'remap'${NEEDS_6_12}`,
    ],
    ['A map x anon 1\nA migrate x to dev\n  @alloc A remap x as y', `3:12: expected a command (${COMMANDS}, count`],
    [
      'A advise buf cold',
      "1:14: expected an advice (dontneed, free, hugepage, nohugepage, dontfork or unmergeable), found 'cold'" +
        NEEDS_6_12,
    ],
    ['devmem 4 coherent', `1:10: expected the end of the line, found 'coherent'${NEEDS_6_12}`],
    ['A migrate buf to coh', `1:18: expected a destination (dev or sys), found 'coh'${NEEDS_6_12}`],
    ['A pin buf as h dma', `1:16: expected write or the end of the line, found 'dma'${NEEDS_6_12}`],
    ['A pin buf as h write dma', `1:22: expected the end of the line, found 'dma'${NEEDS_6_12}`],
    ['A uffd buf wp', `1:12: expected the end of the line, found 'wp'${NEEDS_6_12}`],
    // Words of other places, and of no kernel.
    ['A map buf cold 4', '1:11: expected a kind of mapping (anon, shmem, file, sharedfile, hugetlb or special), found'],
    [
      'A mirror buf',
      `1:3: expected a command (${COMMANDS}, count, watch, reclaim, oom-reap or cpu), found 'mirror'${NEEDS_6_12}`,
    ],
    [
      'A exclusive buf',
      `1:3: expected a command (${COMMANDS}, count, watch, reclaim, oom-reap or cpu), found 'exclusive'${NEEDS_6_12}`,
    ],
    [
      'evict all',
      `1:1: expected a process (upper-case letters and digits), devmem, swap, cpus, fork, exit or drop, found 'evict'${NEEDS_6_12}`,
    ],
    [
      'A migrate buf to dev select=system',
      `1:22: expected skip=PAGES, error=PAGES or the end of the line, found 'select=system'${NEEDS_6_12}`,
    ],
    [
      'A migrate buf to dev skip=1 owner=other',
      `1:29: expected skip=PAGES, error=PAGES or the end of the line, found 'owner=other'${NEEDS_6_12}`,
    ],
    ['A migrate buf to dev\n  @alloc evict all', '2:10: expected a process (upper-case letters and digits), devmem'],
  ])('%s: in a linux-4.14 drill', (text, message) => {
    expectError(text, 'linux-4.14', message)
  })

  test.each<[string, string]>([
    ['A remap buf', '1:12: expected a name for it (as), found the end of the line'],
    ['A remap buf to new', "1:13: expected a name for it (as), found 'to'"],
    ['A remap buf as NEW', "1:16: expected a region (a lower-case word), found 'NEW'"],
    ['A remap buf as new ro', "1:20: expected the end of the line, found 'ro'"],
    ['A mirror buf write', "1:14: 'write' is only allowed with 'fault'"],
    ['A mirror buf read', "1:14: expected fault, write, owner=other or the end of the line, found 'read'"],
    ['A mirror buf fault fault', "1:20: 'fault' stands there twice"],
    ['A mirror buf owner=me', "1:14: expected fault, write, owner=other or the end of the line, found 'owner=me'"],
    ['A mirror', '1:9: expected a place (REGION, REGION[PAGE] or REGION[FIRST-LAST]), found the end of the line'],
    ['A exclusive buf write', "1:17: expected the end of the line, found 'write'"],
    [
      'evict',
      '1:6: expected device pages (all, D[PAGE] or D[FIRST-LAST]; coh, C[PAGE] or C[FIRST-LAST]), found the end of the line',
    ],
    [
      'evict buf',
      "1:7: expected device pages (all, D[PAGE] or D[FIRST-LAST]; coh, C[PAGE] or C[FIRST-LAST]), found 'buf'",
    ],
    ['evict C[5-3]', "1:11: expected a last page of at least 5, found '3'"],
    ['evict D[5-3]', "1:11: expected a last page of at least 5, found '3'"],
    ['evict D[300000000]', "1:9: expected a page number (0 to 268435455), found '300000000'"],
    ['evict all all', "1:11: expected the end of the line, found 'all'"],
    [
      'A evict all',
      `1:3: expected a command (${COMMANDS}, count, watch, reclaim, oom-reap, cpu, remap, truncate, mirror or exclusive), found 'evict'`,
    ],
    [
      'evict all\n  @alloc evict all',
      "2:10: evict can't be interleaved (all but devmem, swap, cpus, migrate, watch, memcg, evict can)",
    ],
    ['A migrate b to dev\n  @final evict all', "2:10: evict can't be interleaved"],
    ['A count\n  @alloc A count', '2:3: interleaved lines belong under a migrate or evict'],
    [
      'reclaim 4',
      "1:1: expected a process (upper-case letters and digits), devmem, swap, cpus, fork, exit, drop, memcg or evict, found 'reclaim'",
    ],
    ['swap 0', "1:6: expected a number of pages (1 to 268435455), found '0'"],
    ['cpus 65', "1:6: expected a number of CPUs (1 to 64), found '65'"],
    ['A cpu 64', "1:7: expected a CPU (0 to 63), found '64'"],
    ['devmem 4097 coherent', "1:8: expected a number of coherent pages (0 to 4096), found '4097'"],
    ['devmem 4 coherent\ndevmem 5 coherent', '2:1: devmem stands there twice'],
    ['devmem 4 private', "1:10: expected coherent or the end of the line, found 'private'"],
    ['A migrate buf to ram', "1:18: expected a destination (dev, sys or coh), found 'ram'"],
    ['swap 4\nmemcg 4', "2:1: memcg can't stand with swap"],
    ['memcg 4\nswap 4', "2:1: swap can't stand with memcg"],
    ['memcg 0', "1:7: expected a number of pages (1 to 268435455), found '0'"],
    ['A count\nmemcg 4', '2:1: memcg is only allowed as the first command'],
    [
      'A migrate buf to dev select',
      "1:22: expected skip=PAGES, error=PAGES, select=KINDS, owner=other or the end of the line, found 'select'",
    ],
    [
      'A migrate buf to dev select=',
      "1:29: expected kinds of pages (system, private or coherent, separated by commas), found ''",
    ],
    [
      'A migrate buf to dev select=system,public',
      "1:36: expected kinds of pages (system, private or coherent, separated by commas), found 'public'",
    ],
    ['A migrate buf to dev select=system,system', "1:36: 'system' stands there twice"],
    ['A migrate buf to dev select=system select=system', "1:36: 'select=' stands there twice"],
    ['A migrate buf to dev owner=me', "1:28: expected an owner (other), found 'me'"],
    ['A migrate buf to dev owner=other owner=other', "1:34: 'owner=' stands there twice"],
    ['A pin buf as h dma dma', "1:20: 'dma' stands there twice"],
    ['A uffd buf missing', "1:12: expected wp or the end of the line, found 'missing'"],
    [
      'A mirrored buf',
      `1:3: expected a command (${COMMANDS}, count, watch, reclaim, oom-reap, cpu, remap, truncate, mirror or exclusive), found 'mirrored'`,
    ],
  ])('%s: in a linux-6.12 drill', (text, message) => {
    expectError(text, 'linux-6.12', message)
  })
})
