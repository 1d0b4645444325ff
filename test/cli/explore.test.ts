// SPDX-License-Identifier: GPL-2.0-only

import { hmmu, put, useFolder } from './command'

useFolder()

const DRILL = `devmem 4
A map buf anon 1
A write buf 1
task mover
  A clear
  A migrate buf to dev
task writer
  A write buf 2
`

test('a drill is explored, and its findings fail it', () => {
  put('soft.drill', DRILL)
  const { status, stdout, stderr } = hmmu('explore', 'soft.drill', '--blame')
  expect(stderr).toBe('')
  expect(stdout.replace(/:[0-9a-f]{8}:/, ':HASH:')).toMatchInlineSnapshot(`
"soft (linux-4.14): 2 tasks, 60 states, 64 steps, 11 orders, all tried
  soft-dirty-lost: A's buf[0] was written to since its soft-dirty bit was cleared, and is clean
    1 times; shortest order: 1:linux-4.14:6000ffe:1:HASH:a2ba8
  4 outcomes
  without device-soft-dirty no soft-dirty-lost
  device-soft-dirty alone is enough for soft-dirty-lost
  not as expected: soft-dirty-lost: A's buf[0] was written to since its soft-dirty bit was cleared, and is clean
"
`)
  expect(status).toBe(1)
})

test('an id makes the order again', () => {
  put('soft.drill', DRILL)
  const [id = ''] = /1:linux.*/.exec(hmmu('explore', 'soft.drill').stdout) ?? []
  const { status, stdout } = hmmu('explore', 'soft.drill', '--replay', id)
  expect(stdout).toMatch(/^mover: A clear\n[\s\S]*mover: A migrate buf to dev -> 1 moved\n$/)
  expect(status).toBe(0)
  expect(hmmu('explore', 'soft.drill', '--profile', 'hmm-v25', '--replay', id)).toEqual({
    status: 1,
    stdout: '',
    stderr: 'error: soft.drill: the id is of the profile linux-4.14, and this is hmm-v25\n',
  })
})

test('exit codes', () => {
  put('soft.drill', DRILL)
  put('expected.drill', `${DRILL}expect finds soft-dirty-lost\n`)
  put('plain.drill', 'A map buf anon 1\n')
  expect(hmmu('explore', 'expected.drill').status).toBe(0)
  expect(hmmu('explore', 'soft.drill', '--profile', 'linux-6.12').status).toBe(0)
  expect(hmmu('explore', 'soft.drill', '--profile', 'linux-6.12', '--states', '5').status).toBe(3)
  expect(hmmu('explore', 'soft.drill', '--points', 'everywhere')).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^error: there is no switching point 'everywhere' \(device-fault, /),
  })
  expect(hmmu('explore', 'plain.drill')).toMatchObject({
    status: 1,
    stderr: "error: plain.drill: the drill has no task (a line 'task NAME')\n",
  })
  expect(hmmu('explore', 'none.drill').status).toBe(2)
})

test('JSON', () => {
  put('soft.drill', DRILL)
  const [explored] = JSON.parse(hmmu('explore', 'soft.drill', '--json', '--points', 'none').stdout)
  expect(explored).toMatchObject({
    name: 'soft',
    profile: 'linux-4.14',
    tasks: ['mover', 'writer'],
    hasCycles: false,
    findings: [{ judge: 'soft-dirty-lost', page: 0, choices: expect.arrayContaining([0, 1]) }],
  })
})

test('random drills', () => {
  const args = ['explore', '--random', '3', '--seed', '5', '--states', '300', '--points', 'device-fault']
  const { status, stdout } = hmmu(...args, '--profile', 'linux-4.14-fixed', '--json')
  expect([0, 3]).toContain(status)
  expect(JSON.parse(stdout)).toMatchObject({ programs: 3, seed: 5, profile: 'linux-4.14-fixed', findings: [] })
  expect(hmmu('explore', '--seed', '5', 'x.drill')).toMatchObject({
    status: 2,
    stderr: 'error: --seed is for --random\n',
  })
  expect(hmmu(...args, 'x.drill')).toMatchObject({
    status: 2,
    stderr: 'error: --random makes its drills itself, and takes no file\n',
  })
  const many = ['explore', '--random', '130', '--states', '50', '--points', 'none', '--profile', 'linux-4.14', '--json']
  const alone = hmmu(...many, '--workers', '1')
  expect(JSON.parse(alone.stdout).findings).not.toEqual([])
  expect(hmmu(...many, '--workers', '3')).toEqual(alone)
  expect(hmmu(...args, '--blame')).toMatchObject({ status: 2, stderr: 'error: --blame is not for --random\n' })
})

test('an order as a drill, a trace and a record', () => {
  put('soft.drill', DRILL)
  const { status, stdout } = hmmu(
    'explore',
    'soft.drill',
    '--to-drill',
    '--trace',
    'trace.json',
    '--record',
    'order.json',
  )
  expect(status).toBe(0)
  expect(stdout).toMatch(
    /^# An order of soft on linux-4\.14\. soft-dirty-lost: [\s\S]*\nA migrate buf to dev\nA dump buf\[0\]\n$/,
  )
  expect(hmmu('drill', 'step', 'order.json', '--plain').stdout).toMatch(/soft-dirty-lost: A's buf\[0\] was written to/)
  const trace = JSON.parse(hmmu('explore', 'soft.drill', '--trace', '-').stdout)
  expect(trace.otherData).toMatchObject({
    drill: 'soft',
    profile: 'linux-4.14',
    order: expect.stringMatching(/^1:linux-4\.14:/),
  })
  expect(hmmu('explore', 'soft.drill', '--profile', 'linux-6.12', '--to-drill')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'error: soft has no finding\n',
  })
  expect(hmmu('explore', 'soft.drill', 'soft.drill', '--record', '-')).toMatchObject({
    status: 2,
    stderr: 'error: one order is of one drill\n',
  })
  expect(hmmu('explore', 'soft.drill', '--to-drill', '1:2')).toMatchObject({ status: 1, stdout: '' })
})

test('two profiles are compared', () => {
  put('soft.drill', DRILL)
  const { status, stdout } = hmmu('explore', 'soft.drill', '--diff', 'linux-6.12')
  expect(stdout).toMatch(/only linux-4\.14: outcome: mover 0 moved, pinned_late; writer -\n {4}1:linux-4\.14:/)
  expect(stdout).toMatch(/only linux-4\.14: soft-dirty-lost: /)
  expect(status).toBe(1)
  expect(hmmu('explore', 'soft.drill', '--diff', 'linux-4.14').status).toBe(0)
  expect(hmmu('explore', 'soft.drill', '--diff', 'linux-4.14', '--states', '5').status).toBe(3)
  const [json] = JSON.parse(hmmu('explore', 'soft.drill', '--diff', 'linux-6.12', '--json').stdout)
  expect(json.findings.only.map((list: unknown[]) => list.length)).toEqual([1, 0])
})
