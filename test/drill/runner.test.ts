// SPDX-License-Identifier: GPL-2.0-only
//
// Cases that the conformance drills do not show: missing names, rules that are checked when a drill runs, waiting.

import { type DrillRun, parseDrill, type RunOptions, runDrill, runSource } from '../../lib/drill'
import { FIRST_ADDRESS } from '../../lib/drill/layout'
import { Regions } from '../../lib/drill/regions'

function run(text: string, options: RunOptions = {}): DrillRun {
  return runSource({ name: 'test', file: 'test.drill', firstLine: 1, text }, { verify: true, ...options })
}

/** The transcript of a drill that can be carried out. */
function transcript(text: string, options?: RunOptions): string {
  const result = run(text, options)
  expect(result.failure).toBeUndefined()
  return result.transcript
}

/** The message of a drill that can't. */
function failure(text: string, options?: RunOptions): string | undefined {
  return run(text, options).failure?.message
}

describe('names that do not exist', () => {
  test('are skipped', () => {
    expect(transcript('B read buf\nA read buf\ndrop h\nfork B C\nexit B\nB count\nB watch\nB map x anon 1\n')).toBe(
      'B read buf\n  skipped\nA read buf\n  skipped\ndrop h\n  skipped\nfork B C\n  skipped\nexit B\n  skipped\n' +
        'B count\n  skipped\nB watch\n  skipped\nB map x anon 1\n  skipped\n',
    )
  })

  test('of a migrate take its interleaved commands along', () => {
    expect(transcript('A migrate buf to dev\n  @final A count\n  @alloc A clear\n')).toBe(
      'A migrate buf to dev\n  skipped\n  @final A count\n    skipped\n  @alloc A clear\n    skipped\n',
    )
  })

  test('may be gone, and come again', () => {
    expect(transcript('fork A B\nexit A\nA clear\nfork B A\nA clear\n')).toBe(
      'fork A B\nexit A\nA clear\n  skipped\nfork B A\nA clear\n',
    )
  })

  test('of interleaved commands are skipped where they stand', () => {
    const text = 'A map buf anon 1\nA migrate buf to dev\n  @alloc B read buf\n  @final drop h\n'
    expect(transcript(text)).toBe(
      'A map buf anon 1\nA migrate buf to dev\n  alloc [0] M\n  dst [0] VLD\n  @alloc B read buf\n    skipped\n' +
        '  final [0] M\n  @final drop h\n    skipped\n  ret 0\n',
    )
  })

  test('a region keeps its name after unmap', () => {
    expect(transcript('A map buf anon 2\nA unmap buf\nA dump buf\n')).toBe(
      'A map buf anon 2\nA unmap buf\nA dump buf\n  [0-1] nomap\n',
    )
  })
})

describe('a region is named when its command begins', () => {
  const head = 'A map buf anon 1\nA write buf 1\nA migrate buf to dev\n'

  test('as long as mmap() waits, nothing is mapped there', () => {
    expect(transcript(`${head}  @alloc A map new anon 1\n  @alloc A dump new\n  @alloc A write new 1\n`)).toBe(
      `${head}  alloc [0] VMLW\n  dst [0] VLD\n  @alloc A map new anon 1\n    blocked\n` +
        '  @alloc A dump new\n    [0] nomap\n  @alloc A write new 1\n    blocked\n  final [0] VMLW\n  ret 0\n' +
        '  done @alloc A map new anon 1\n  done @alloc A write new 1\n',
    )
  })

  test('if mmap() fails, nothing is mapped there', () => {
    expect(transcript('A map buf hugetlb 1024000\nA dump buf[0]\n')).toBe(
      'A map buf hugetlb 1024000\n  ENOMEM\nA dump buf[0]\n  [0] nomap\n',
    )
  })
})

test('a child knows the regions that its parent had when the fork began', () => {
  const text =
    'A map buf anon 1\nA migrate buf to dev\n  @alloc fork A B\n  @alloc A map two anon 1\nA read two\nB read two\n'
  expect(transcript(text)).toMatch(/\nA read two\n {2}\[0\] 0x00\nB read two\n {2}skipped\n$/)
})

describe('remap', () => {
  /** The transcript of a linux-6.12 drill. Its kernel is 4.14, which has mremap(), too. */
  function transcriptOf612(text: string): string {
    const drill = parseDrill({ name: 'test', file: 'test.drill', firstLine: 1, text }, 'linux-6.12')
    const { transcript, failure } = runDrill(drill, { verify: true })
    expect(failure?.message).toBeUndefined()
    return transcript
  }

  const FLAGS = 'ref=1 map=1 uptodate,lru,active,swapbacked'

  test('moves pages to a new region; the old name stays', () => {
    expect(
      transcriptOf612('A map buf anon 3\nA write buf 1\nA remap buf[1-2] as new\nA dump new\nA dump buf\nA read new\n'),
    ).toBe(
      'A map buf anon 3\nA write buf 1\nA remap buf[1-2] as new\n' +
        `A dump new\n  [0-1] sys wdas P0-P1 ${FLAGS}\nA dump buf\n  [0] sys wdas P2 ${FLAGS}\n  [1-2] nomap\n` +
        'A read new\n  [0-1] 0x01\n',
    )
  })

  test('is placed as a map, and the next map behind it', () => {
    // 600 pages end in a third MiB.
    const text = 'A map buf anon 600 at2m\nA remap buf as new\nA remap buf as none\nA map behind anon 1\n'
    expect(placesOf(text)).toEqual([0, 7, 13, 19])
  })

  /** Where the regions of a drill were placed, in MiB. */
  function placesOf(text: string): number[] {
    const seen = jest.spyOn(Regions.prototype, 'add')
    try {
      transcriptOf612(text)
      return seen.mock.calls.map(([region]) => (region.address - FIRST_ADDRESS) / 2 ** 20)
    } finally {
      seen.mockRestore()
    }
  }

  test('the region is there if mremap() fails, and what it names is not mapped', () => {
    expect(transcriptOf612('A map buf anon 1\nA remap buf[0-1] as new\nA dump new\nA dump buf\n')).toBe(
      'A map buf anon 1\nA remap buf[0-1] as new\n  EFAULT\nA dump new\n  [0-1] nomap\nA dump buf\n  [0] none\n',
    )
  })

  test('waits for a migration; of a region that does not exist it is skipped', () => {
    const head = 'A map buf anon 1\nA write buf 1\nA migrate buf to dev\n'
    expect(transcriptOf612(`${head}  @alloc A remap buf as new\n  @alloc A remap nil as one\nA dump new\n`)).toBe(
      `${head}  alloc [0] VMLW\n  dst [0] VLD\n  @alloc A remap buf as new\n    blocked\n  @alloc A remap nil as one\n` +
        '    skipped\n  final [0] VMLW\n  ret 0\n  done @alloc A remap buf as new\n' +
        'A dump new\n  [0] dev w--s D0 ref=2 map=1 uptodate,active,swapbacked\n',
    )
  })

  test('needs a new name', () => {
    const text = 'A map buf anon 1\nA remap buf as buf\n'
    const drill = parseDrill({ name: 'test', file: 'test.drill', firstLine: 1, text }, 'linux-6.12')
    expect(runDrill(drill).failure?.message).toContain(
      "test.drill:2:1: 'A remap buf as buf': process A has a region buf already",
    )
  })
})

test('commands of another kernel are refused before anything is run', () => {
  const { transcript, failure } = run('A map buf anon 1\nA remap buf as new\n')
  expect(transcript).toBe('')
  expect(failure).toMatchObject({ code: 'HMMU_DRILL_SYNTAX', position: { line: 2, column: 3 } })
  expect(failure?.message).toContain("found 'remap', which needs the profile linux-6.12")
})

describe('rules that show when a drill runs', () => {
  test.each<[string, string, string]>([
    [
      'a region twice',
      'A map buf anon 1\nA map buf anon 1',
      "2:1: 'A map buf anon 1': process A has a region buf already",
    ],
    ['a living child', 'fork A B\nfork A B', "2:1: 'fork A B': process B lives; the child needs another name"],
    ['its own child', 'fork A A', "1:1: 'fork A A': process A lives"],
    [
      'hold of pages',
      'A map buf anon 2\nA hold buf as h',
      "2:1: 'A hold buf as h': hold takes one page, buf has 2 here",
    ],
    ['isolate of pages', 'A map buf anon 2\nA isolate buf as h', "2:1: 'A isolate buf as h': isolate takes one page"],
    [
      'a handle twice',
      'A map buf anon 1\nA write buf 1\nA pin buf as h\nA pin buf as h',
      "4:1: 'A pin buf as h': handle h exists already; drop it first",
    ],
    [
      'too far behind',
      'A map buf anon 1\nA map two anon 1\nA read buf[1024]',
      "3:1: 'A read buf[1024]': page 1024 is too far past the end of buf (at most 1023 is allowed)",
    ],
    [
      'farther than that',
      'A map buf anon 1\nA read buf[262145]',
      "2:1: 'A read buf[262145]': page 262145 is too far past the end of buf (at most 262144 is allowed)",
    ],
    [
      'an interleaved one',
      'A map buf anon 1\nA migrate buf to dev\n  @alloc fork A A',
      "3:10: 'fork A A': process A lives",
    ],
  ])('%s', (_what, text, message) => {
    expect(failure(text)).toContain(`test.drill:${message}`)
  })

  test('the transcript goes as far as the drill went', () => {
    const { transcript, failure } = run('A clear\nfork A A\nA clear\n')
    expect(transcript).toBe('A clear\nfork A A\n')
    expect(failure?.code).toBe('HMMU_DRILL_RUN')
  })

  test('a machine that is too small is a failure, no result', () => {
    expect(failure('A map buf anon 100\nA write buf 1\n', { ramPages: 64 })).toMatch(
      /^test\.drill:2:1: 'A write buf 1': /,
    )
  })

  test('a migration of more pages than the host has memory for is a failure, no result', () => {
    expect(failure('A map buf anon 268435455\nA migrate buf to dev\n')).toMatch(
      /^test\.drill:2:1: 'A migrate buf to dev': .*\(HMMU_HOST_MEMORY\)$/,
    )
  })

  test('a syntax error is a failure, too', () => {
    expect(run('A nonsense').failure?.code).toBe('HMMU_DRILL_SYNTAX')
  })
})

test('a dump of more pages than are looked at in one call has no seam', () => {
  expect(transcript('A map buf anon 10000\nA write buf[4095-4096] 1\nA dump buf\n')).toContain(
    'A dump buf\n  [0-4094] none\n  [4095-4096] sys wdas P0-P1 ref=1 map=1 uptodate,lru,active,swapbacked\n' +
      '  [4097-9999] none\n',
  )
})

describe('waiting', () => {
  test('outside of an interleaving ends the transcript', () => {
    const text = 'A map buf anon 1\nA write buf 1\nfork A B\nA hold buf as h\nA write buf 2\nA count\n'
    expect(transcript(text)).toBe(
      'A map buf anon 1\nA write buf 1\nfork A B\nA hold buf as h\nA write buf 2\n  blocked\n',
    )
  })

  test('ends in the order of the commands', () => {
    const lines = transcript(
      'A map buf anon 3\nA write buf 7\nA migrate buf to dev\n  @alloc A read buf[2]\n  @final A dump buf[1]\n' +
        '  @alloc A read buf[0]\n  @alloc A protect buf r\n',
    )
    expect(lines.slice(lines.indexOf('  ret 0'))).toBe(
      '  ret 0\n  done @alloc A read buf[2]\n    [2] 0x07\n  done @alloc A read buf[0]\n    [0] 0x07\n' +
        '  done @alloc A protect buf r\n',
    )
  })

  test('that does not end with the migration ends the transcript, behind the lines of all', () => {
    const lines = transcript(
      'A map buf anon 2\nA map oth anon 1\nA write oth 1\nA write buf 1\nfork A B\nA hold oth as h\nA migrate buf to dev\n' +
        '  @alloc A write oth 2\n  @alloc A read buf[1]\nA count\n',
    )
    expect(lines.slice(lines.indexOf('  ret 0'))).toBe(
      '  ret 0\n  done @alloc A write oth 2\n    blocked\n  done @alloc A read buf[1]\n    [1] 0x01\n',
    )
  })

  test('exit waits for the locked pages of its files, and no command finds the process', () => {
    const lines = transcript(
      'A map buf anon 1\nA write buf 1\nfork A B\nB map f shmem 2\nB write f 1\nB hold f[1] as h\nA migrate buf to dev\n' +
        '  @alloc exit B\n  @alloc B dump f\n  @alloc drop h\nB dump f\n',
    )
    expect(lines.slice(lines.indexOf('  @alloc exit B'))).toBe(
      '  @alloc exit B\n    blocked\n  @alloc B dump f\n    skipped\n  @alloc drop h\n  final [0] VML\n  ret 0\n' +
        '  done @alloc exit B\nB dump f\n  skipped\n',
    )
  })
})

describe('options', () => {
  test('devmem is the size of the device', () => {
    expect(transcript('devmem 7\nA count\n')).toContain('devfree=7\n')
    expect(transcript('A count\n')).toContain('devfree=1024\n')
  })

  test('the profile decides how the machine behaves', () => {
    const text = 'A map buf anon 1\nA write buf 1\nA migrate buf to dev skip=0\nA dump buf\n'
    expect(transcript(text)).toContain('sys w--s P0 ref=1 map=1 uptodate,lru,active')
    expect(transcript(text, { profile: 'linux-4.14-fixed' })).toContain(
      'sys w--s P0 ref=1 map=1 uptodate,dirty,lru,active',
    )
  })
})

describe('watch', () => {
  test('cuts an event to the regions it touches', () => {
    const text = 'A map buf anon 2\nA map two anon 3\nA write buf 1\nA watch\nA clear\nA unmap two[1]\n'
    expect(transcript(text)).toBe(
      'A map buf anon 2\nA map two anon 3\nA write buf 1\nA watch\nA clear\n  inv A buf[0-1]\n  inv A two[0-2]\n' +
        'A unmap two[1]\n  inv A two[1]\n',
    )
  })
})

describe('tasks', () => {
  test('run one after another, each on a thread of its own', () => {
    const text = `cpus 2
A map buf anon 1
A write buf 1
task M cpu=1
  A migrate buf to dev
  fork A B
task S proc=B
  B read buf
  exit B
task L
  A read buf
expect no-finding
`
    expect(transcript(text, { profile: 'linux-4.14-fixed' })).toBe(`cpus 2
A map buf anon 1
A write buf 1
task M cpu=1
A migrate buf to dev
  alloc [0] VMLW
  dst [0] VLD
  final [0] VMLW
  ret 0
fork A B
task S proc=B
B read buf
  [0] 0x01
exit B
task L
A read buf
  [0] 0x01
`)
  })

  test('end with a command that waits', () => {
    expect(
      transcript(
        'A map b anon 1\nA write b 1\nA hold b as h\ntask M\n  A lock b\n  A migrate b to dev\ntask N\n  A read b',
      ),
    ).toBe(
      'A map b anon 1\nA write b 1\nA hold b as h\ntask M\nA lock b\nA migrate b to dev\n  ret 0\ntask N\nA read b\n  [0] 0x01\n',
    )
  })

  test('use the translations of their CPU', () => {
    const stale: number[] = []
    run('cpus 2\nA map b anon 1\nA cpu 1\nA write b 1\ntask M\n  A read b\n', {
      keep: ({ machine }) => {
        stale.push(machine.translations(0).length, machine.translations(1).length)
        machine.dispose()
      },
    })
    expect(stale).toEqual([1, 1])
  })
})

describe('swap', () => {
  test('reclaim takes the pages that can be reclaimed, and prints nothing', () => {
    expect(
      transcript(
        'swap 2\nA map b anon 3\nA write b[0-1] 7\nA lock b[1]\nA reclaim b\nA count\nA dump b\nA read b[0]\n',
      ),
    ).toBe(
      'swap 2\nA map b anon 3\nA write b[0-1] 7\nA lock b[1]\nA reclaim b\nA count\n  anon=1 file=0 shmem=0 swap=1\n' +
        '  devfree=1024\nA dump b\n  [0] swap ---s\n' +
        '  [1] sys wdas P0 ref=1 map=1 uptodate,lru,referenced,swapbacked,unevictable,mlocked\n  [2] none\nA read b[0]\n  [0] 0x07\n',
    )
  })

  test('oom-reap takes the private pages away', () => {
    expect(transcript('A map b anon 2\nA write b 7\nA oom-reap\nA dump b\n')).toBe(
      'A map b anon 2\nA write b 7\nA oom-reap\nA dump b\n  [0-1] none\n',
    )
  })
})

test('a CPU that the machine does not have', () => {
  expect(failure('A cpu 1\n')).toBe("test.drill:1:1: 'A cpu 1': there is no CPU 1; the machine has 1")
})
