// SPDX-License-Identifier: GPL-2.0-only

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { at, hmmu, hmmuWith, MAIN, put, useFolder } from './command'

useFolder()

const DRILL = 'A map buf anon 3\nA write buf[0-1] 7\nA migrate buf to dev\nfork A B\n'

describe('hmmu repl', () => {
  test('has a machine, a process, and the package', () => {
    const input = 'machine.profile\nA instanceof Process\nawait Promise.resolve(6 * 7)\n'
    const { status, stdout, stderr } = hmmuWith({ input }, 'repl', '--profile', 'linux-6.12')
    expect({ status, stderr, lines: stdout.split('\n') }).toEqual({
      status: 0,
      stderr: '',
      lines: ["'linux-6.12'", 'true', '42', ''],
    })
  })

  test('has the machine of a drill, with its names', () => {
    const input = 'regions.A.buf.dump().map(({ kind }) => kind)\nB.load(regions.B.buf.address, 1)\nmachine.verify()\n'
    const { status, stdout } = hmmuWith({ input }, 'repl', '--profile', 'linux-6.12', put('x.drill', DRILL))
    expect(status).toBe(0)
    expect(stdout).toBe("[ 'dev', 'dev', 'dev' ]\nUint8Array(1) [ 7 ]\n[]\n")
  })

  test('says why there is no session', () => {
    put('bad.drill', 'A map buf anon 3\nA wobble buf\n')
    put('two.drills', `=== a\n${DRILL}=== b\n${DRILL}`)
    const cases = [
      [['none.drill'], 2, /^error: none\.drill: can't be read/],
      [['bad.drill'], 1, /^error: bad\.drill:2:3: /],
      [['two.drills'], 2, /^error: 2 drills are there/],
      [['-'], 2, /^error: the session itself reads/],
    ] as const
    for (const [args, status, text] of cases) {
      const run = hmmu('repl', ...args)
      expect([run.status, run.stdout]).toEqual([status, ''])
      expect(run.stderr).toMatch(text)
      expect(run.stderr.trim().split('\n')).toHaveLength(1)
    }
  })

  // Util-linux's script gives it a terminal.
  test('on a terminal it has a prompt, and keeps a history', () => {
    const env = { ...process.env, HMMU_REPL_HISTORY: at('history'), TERM: 'xterm' }
    const input = 'machine.profile\n.exit\n'
    const line = `${process.execPath} ${MAIN} repl`
    const { stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { input, env, encoding: 'utf8' })
    expect(stdout).toContain('hmmu> ')
    expect(stdout).toContain("'linux-4.14'")
    expect(readFileSync(at('history'), 'utf8')).toContain('machine.profile')
  })
})
