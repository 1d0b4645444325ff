// SPDX-License-Identifier: GPL-2.0-only
//
// Breaks the rules of searches and of copied migrations, without the library that checks arguments. The process must not crash.
// It runs in a process of its own: node --expose-gc raw-search.js ADDON CASE [SEED COUNT]

const { strict: assert } = require('node:assert')
const { spawnSync } = require('node:child_process')
const { readFileSync } = require('node:fs')

const [, , path, name, seed = 1, count = 300] = process.argv
const { Machine, Words } = require(path)

const ACTION = { read: 0, write: 1, migrate: 2, fork: 9, exit: 10 }
const ACTION_WORDS = 8
const PAGE = 4096

function makeWorld() {
  const machine = new Machine(1024, 16, 2, 0, 0, 0, 0, 0, false)
  const pid = machine.processCreate()
  const task = machine.processTask(pid)
  const address = machine.map(task, 0, 4, 0, 3, false)
  machine.store(task, address, new Uint8Array(4 * PAGE))
  return { machine, pid, task, address }
}

/** A program in the words of program_words.h. */
function program({ pids, tasks, actions, pages = [] }) {
  const words = [pids.length, tasks.length, actions.length, pages.length, ...pids, ...tasks.flat()]
  for (const action of actions) words.push(...action, ...Array(ACTION_WORDS - action.length).fill(0))
  return BigUint64Array.from([...words, ...pages.flat()], BigInt)
}

/** So many tasks of one process, each with so many stores to a page of its own. */
function stores({ pid, address }, tasks, each) {
  return program({
    pids: [pid],
    tasks: Array.from({ length: tasks }, (_, i) => [0, 0, i * each, each]),
    actions: Array.from({ length: tasks * each }, (_, i) => [
      ACTION.write,
      address + PAGE * Math.floor(i / each),
      1,
      (i % each) % 8,
    ]),
    pages: [0, 1, 2, 3].map((page) => [address + PAGE * page, 0]),
  })
}

const options = (more = {}) => {
  const { states = 0, bytes = 0, preemptions = 2 ** 32 - 1, points = 0, flags = 0, time = 0, workers = 1 } = more
  return Float64Array.of(states, bytes, preemptions, points, flags, time, workers)
}

const cases = {
  /** Progress is told in the middle of the search. */
  'arrays are taken away meanwhile'() {
    const world = makeWorld()
    const words = stores(world, 4, 40)
    const numbers = new Float64Array(7)
    const kept = []
    let told = 0
    world.machine.searchProgress = () => {
      if (told++ === 0) {
        for (const array of [words, numbers]) structuredClone(array, { transfer: [array.buffer] })
        globalThis.gc()
      }
      for (let i = 0; i < 200; i++) kept.push(new BigUint64Array(1400).fill(0x4141414141414141n))
      return told < 5 ? 0 : -1
    }
    const result = world.machine.search(words, options({ states: 2 ** 22 }), numbers, true, false)
    assert.ok(told > 1, `told ${told} times`)
    assert.ok(result <= 0)
  },

  'words are changed meanwhile'() {
    const world = makeWorld()
    const words = stores(world, 4, 40)
    let told = 0
    world.machine.searchProgress = () => {
      words.fill(0xffffffffffffn)
      return told++ < 3 ? 0 : -1
    }
    world.machine.search(words, options({ states: 2 ** 22 }), new Float64Array(7), true, false)
    assert.ok(told > 1, `told ${told} times`)
  },

  /** The inner one is refused, and changes nothing of the outer one. */
  'a search begins within a search'() {
    const world = makeWorld()
    const { machine } = world
    const many = stores(world, 4, 1000)
    const inner = new Float64Array(7)
    let refused = 0
    machine.searchProgress = () => {
      if (machine.search(many, options(), inner, false, false) < 0) refused++
      return 0
    }
    const numbers = new Float64Array(7)
    assert.equal(machine.search(stores(world, 4, 12), options(), numbers, true, false), 0)
    assert.ok(refused > 0)
    assert.deepEqual([...inner], [0, 0, 0, 0, 0, 0, 0])
    const outcomes = machine.searchPart(1).byteLength / 16
    assert.equal(machine.searchPart(2).byteLength, outcomes * 48 * 8)
  },

  'tasks share their actions'() {
    const { machine, pid, address } = makeWorld()
    const words = program({
      pids: [pid],
      tasks: [
        [0, 0, 0, 1],
        [0, 1, 0, 1],
      ],
      actions: [[ACTION.migrate, address, 4, 1]],
    })
    assert.ok(machine.search(words, options({ flags: 4 }), new Float64Array(7), false, false) < 0)
    assert.match(machine.error()[6], /task 1 has actions of task 0/)
  },

  'processes are one process'() {
    const { machine, pid, address } = makeWorld()
    const words = program({
      pids: [pid, pid],
      tasks: [
        [0, 0, 0, 1],
        [1, 1, 1, 1],
      ],
      actions: [
        [ACTION.exit, 0, 0, 0],
        [ACTION.write, address, 1, 5],
      ],
    })
    assert.ok(machine.search(words, options({ flags: 4 }), new Float64Array(7), false, false) < 0)
    assert.match(machine.error()[6], /process 1 is process 0/)
  },

  'a process is forked twice'() {
    const { machine, pid } = makeWorld()
    const words = program({
      pids: [pid, 0],
      tasks: [
        [0, 0, 0, 1],
        [0, 1, 1, 1],
      ],
      actions: [
        [ACTION.fork, 0, 0, 1],
        [ACTION.fork, 0, 0, 1],
      ],
    })
    assert.ok(machine.search(words, options(), new Float64Array(7), false, false) < 0)
    assert.match(machine.error()[6], /action 1 forks the process that action 0 forks/)
  },

  'options are no numbers'() {
    const world = makeWorld()
    const words = stores(world, 2, 2)
    const wild = [Number.NaN, -1, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const key of ['states', 'bytes', 'preemptions', 'points', 'flags', 'time', 'workers'])
      for (const value of wild) {
        const given = options({ [key]: value })
        const result = world.machine.search(words, given, new Float64Array(7), false, false)
        assert.ok(result < 0, `${key} ${value}: ${result}`)
        assert.ok(world.machine.replay(words, given, new Uint8Array(1), new BigUint64Array(4)) < 0)
        assert.ok(world.machine.orderBegin(words, given) < 0)
      }
  },

  /** A migration has its arrays until it ends. */
  async 'a migration is adopted that is no copy'() {
    const { machine, task, address } = makeWorld()
    const number = machine.migrateBegin(task, address, address + 4 * PAGE, 0, 0, 0, new Words(4), 1)
    assert.ok(number > 0)
    for (let i = 0; i < 3; i++) machine.migrateStep(number)
    assert.ok(machine.migrateAdopt(number, new Words(4), 1) < 0)
    // Finalizers run in a turn of their own.
    for (let i = 0; i < 3; i++) {
      globalThis.gc()
      await new Promise(setImmediate)
    }
    const kept = Array.from({ length: 100 }, () => new Words(4))
    for (const words of kept) new Uint8Array(words.buffer()).fill(0x41)
    while (machine.migrateStep(number) === 1);
    machine.migrateEnd(number)
    assert.deepEqual(machine.verify(), [])
    assert.ok(kept.every((words) => new Uint8Array(words.buffer()).every((byte) => byte === 0x41)))
  },

  /** Of the order nothing is left when it ends. */
  'a migration begins amid an order'() {
    const world = makeWorld()
    const { machine, task, address } = world
    assert.equal(machine.orderBegin(stores(world, 2, 2), options()), 0)
    const number = machine.migrateBegin(task, address, address + 4 * PAGE, 0, 0, 0, new Words(4), 1)
    machine.orderEnd()
    globalThis.gc()
    if (number > 0) {
      while (machine.migrateStep(number) === 1);
      machine.migrateEnd(number)
    }
    assert.deepEqual(machine.verify(), [])
  },

  'a process ends amid an order'() {
    const world = makeWorld()
    const { machine, pid } = world
    assert.equal(machine.orderBegin(stores(world, 2, 2), options()), 0)
    machine.exit(pid)
    const step = new BigUint64Array(4)
    for (let i = 0; i < 10; i++) machine.orderStep(i % 2, step)
    machine.orderJudge()
    machine.orderEnd()
    assert.deepEqual(machine.verify(), [])
  },

  'a search begins amid an order'() {
    const world = makeWorld()
    const { machine } = world
    const words = stores(world, 2, 2)
    assert.equal(machine.orderBegin(words, options()), 0)
    assert.ok(machine.search(words, options(), new Float64Array(7), false, false) < 0)
    assert.ok(machine.replay(words, options(), new Uint8Array(4), new BigUint64Array(16)) >= -1000)
    machine.orderStep(0, new BigUint64Array(4))
    machine.orderEnd()
    assert.deepEqual(machine.verify(), [])
  },

  /** A fault on a device page fails on the second machine, and ends in less steps than on the first one. */
  'the host has no memory for a second machine'() {
    const { machine, pid, address } = makeWorld()
    const each = 100
    const words = program({
      pids: [pid],
      tasks: [
        [0, 0, 0, each],
        [0, 1, each, each],
      ],
      actions: Array.from({ length: 2 * each }, (_, i) => [
        i % 2 === 0 ? ACTION.migrate : ACTION.read,
        address + PAGE * Math.floor(i / each),
        1,
        i % 2 === 0 ? 1 : 0,
      ]),
      pages: [0, 1].map((page) => [address + PAGE * page, 0]),
    })
    const [pages] = readFileSync('/proc/self/statm', 'utf8').split(' ')
    // Room for two machines, and for the faults of one: those are 8 GiB.
    const { status } = spawnSync('prlimit', [`--as=${Number(pages) * PAGE + 12e9}:`, '--pid', String(process.pid)])
    assert.equal(status, 0)
    const given = options({ states: 5000, points: 1, flags: 8 })
    assert.equal(machine.search(words, given, new Float64Array(7), false, false), -12)
    assert.equal(machine.error()[6], 'the host has no memory for what a task does')
    assert.deepEqual(machine.verify(), [])
  },

  /** Bits of programs that are wrong somewhere. */
  'words are garbage'() {
    const numbers = [0n, 1n, 2n, 7n, 63n, 64n, 65535n, 65536n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 47n - 4096n]
    numbers.push(2n ** 47n, 2n ** 63n, 2n ** 64n - 4096n, 2n ** 64n - 1n)
    let state = 1
    const below = (limit) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * limit)
    }
    for (let i = 0; i < Number(count); i++) {
      state = Number(seed) + i
      const { machine, pid, address } = makeWorld()
      const place = () => address + PAGE * below(4)
      const words = program({
        pids: [pid, 0],
        tasks: [
          [0, 0, 0, 3],
          [0, 1, 3, 3],
          [1, 1, 6, 2],
        ],
        actions: Array.from({ length: 8 }, () => [
          below(18),
          place(),
          1 + below(2),
          below(3),
          below(3),
          below(4),
          below(4),
          below(2),
        ]),
        pages: [0, 1, 2, 3].map((page) => [address + PAGE * page, 0]),
      })
      for (let k = below(4); k > 0; k--) words[below(words.length)] = numbers[below(numbers.length)]
      const given = options({ states: 300, points: below(4) === 0 ? 1023 : 1, flags: below(16), workers: 1 + below(2) })
      machine.search(words, given, new Float64Array(7), false, false)
      const choices = Uint8Array.from({ length: 20 }, () => below(4))
      machine.replay(words, given, choices, new BigUint64Array(80))
      if (machine.orderBegin(words, given) === 0) {
        for (let k = 0; k < 10; k++) machine.orderStep(below(4), new BigUint64Array(4))
        machine.orderMigration(below(4), below(2) === 1, new BigUint64Array(7 + 3 * 64))
        machine.orderJudge()
        machine.orderEnd()
      }
      assert.deepEqual(machine.verify(), [])
      machine.dispose()
    }
  },
}
async function main() {
  await cases[name]()
  console.log('whole')
}
main()
