// SPDX-License-Identifier: GPL-2.0-only
//
// Which profile a drill runs with: --profile, else the file `profile` next to the drill, else linux-4.14.

import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { at, hmmu, hmmuWith, put, useFolder } from './command'

useFolder()

/** A drill of hmmu's quirks: its transcript depends on the profile. */
const DRILL = `A map buf anon 2
A write buf[0] 0x01
A write buf[1] 0x02
A migrate buf to dev
fork A B
B write buf[0] 0x03
A write buf[0] 0x04
A read buf
B read buf
A dump buf
B dump buf
`
const DRILL_FILE = join('x', 'x.drill')

/** The transcript with a profile, by --profile. */
function printed(profile: string): string {
  return hmmuWith({ input: DRILL }, 'drill', 'run', '--profile', profile, '-').stdout
}

function putFolder(name: string, expected: string, profile?: string): void {
  mkdirSync(at(name))
  put(join(name, 'x.drill'), DRILL)
  put(join(name, 'x.expected'), expected)
  if (profile !== undefined) put(join(name, 'profile'), profile)
}

test('the drill tells profiles apart', () => {
  expect(printed('linux-4.14-fixed')).not.toBe(printed('linux-4.14'))
})

test('each folder has its own', () => {
  putFolder('old', printed('linux-4.14'))
  putFolder('x', printed('linux-4.14-fixed'), 'linux-4.14-fixed\n')
  expect(hmmu('drill', 'check', 'old', 'x').stdout).toBe('2 passed, 0 failed\n')
  expect(hmmu('drill', 'run', DRILL_FILE).stdout).toBe(printed('linux-4.14-fixed'))
})

test('the profile is that of the kernel for which a drill is written', () => {
  const drill = 'A map buf anon 1\nA remap buf as new\nA dump new\n'
  const expected = 'A map buf anon 1\nA remap buf as new\nA dump new\n  [0] none\n'
  for (const [name, profile] of Object.entries({ old: 'linux-4.14', x: 'linux-6.12' })) {
    mkdirSync(at(name))
    put(join(name, 'x.drill'), drill)
    put(join(name, 'x.expected'), expected)
    put(join(name, 'profile'), profile)
  }
  const { stdout, status } = hmmu('drill', 'check', 'old', 'x')
  expect(stdout).toContain(`FAILED x: ${join('old', 'x.drill')}:2:3: expected a command (`)
  expect(stdout).toContain("found 'remap', which needs the profile linux-6.12 (this drill is for linux-4.14)")
  expect(stdout).toMatch(/\n1 passed, 1 failed\n$/)
  expect(status).toBe(1)
})

test('--profile overrides it', () => {
  putFolder('x', printed('linux-4.14'), 'linux-4.14-fixed')
  expect(hmmu('drill', 'check', 'x').stdout).toContain('0 passed, 1 failed')
  expect(hmmu('drill', 'check', 'x', '--profile', 'linux-4.14').stdout).toBe('1 passed, 0 failed\n')
  expect(hmmu('drill', 'run', DRILL_FILE, '--profile', 'linux-4.14').stdout).toBe(printed('linux-4.14'))
})

test('--update and trace name it', () => {
  putFolder('x', 'something else\n', 'linux-4.14-fixed')
  expect(hmmu('drill', 'check', 'x', '--update').stdout).toBe(
    `updated ${join('x', 'x.expected')} (linux-4.14-fixed): 1 changed\n1 passed, 0 failed\n`,
  )
  const { otherData } = JSON.parse(hmmu('trace', DRILL_FILE, '--chrome', '-').stdout)
  expect(otherData.profile).toBe('linux-4.14-fixed')
})

test.each([
  ['linux-9.9', "there is no profile 'linux-9.9'; allowed are linux-4.14, "],
  ['', "there is no profile ''; allowed are linux-4.14, "],
  ['linux-4.14\nlinux-4.14', "there is no profile 'linux-4.14\\nlinux-4.14'; allowed are linux-4.14, "],
])('a file that says %j makes the drills of its folder fail, and no others', (name, message) => {
  putFolder('old', printed('linux-4.14'))
  putFolder('x', printed('linux-4.14'), name)
  const { status, stdout, stderr } = hmmu('drill', 'check', 'old', 'x')
  expect(stdout).toContain(`FAILED ${DRILL_FILE}: ${join('x', 'profile')}: ${message}`)
  expect(stdout).toMatch(/\n1 passed, 1 failed\n$/)
  expect(stderr).toBe('')
  expect(status).toBe(1)

  const run = hmmu('drill', 'run', DRILL_FILE)
  expect(run.stderr).toContain(`error: ${join('x', 'profile')}: ${message}`)
  expect(run.stderr.trim().split('\n')).toHaveLength(1)
  expect(run.status).toBe(2)
})

test('a folder of this name is no profile', () => {
  putFolder('x', printed('linux-4.14'))
  mkdirSync(at(join('x', 'profile')))
  expect(hmmu('drill', 'check', 'x').stdout).toContain(`${join('x', 'profile')}: is a folder; a regular file is needed`)
})

test('a profile that is a link to nowhere is an error, not the default', () => {
  putFolder('x', printed('linux-4.14'))
  symlinkSync('nowhere', at(join('x', 'profile')))
  const { status, stderr } = hmmu('drill', 'run', at(DRILL_FILE))
  expect(status).not.toBe(0)
  expect(stderr).toMatch(/profile/)
})
