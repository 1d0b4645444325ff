// SPDX-License-Identifier: GPL-2.0-only
//
// Calls every function of the native addon with garbage, without the library that checks arguments. The process must
// not crash, and machines must keep their balance. It runs in a process of its own: node raw-addon.js ADDON SEED COUNT

const { strict: assert } = require('node:assert')

const [, , path, seed, count] = process.argv
const { Machine, Words } = require(path)

let state = Number(seed) >>> 0
const below = (limit) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * limit)
}
const pick = (list) => list[below(list.length)]

const detached = () => {
  const array = new Uint8Array(64)
  structuredClone(array, { transfer: [array.buffer] })
  return array
}
const throwing = () => new Proxy({}, { get: () => assert.fail('a trap'), has: () => assert.fail('a trap') })

const numbers = [0, 1, 2, 3, 5, 7, 64, 255, 256, 4095, 4096, -1, -0, 0.5, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1e300]
const wild = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  undefined,
  null,
  true,
  'x',
  7n,
  -1n,
  Symbol('s'),
  {},
  [],
  [1, 2],
  /x/,
]

/** Functions that make values, some of which depend on a machine. */
const makes = [
  ...[...numbers, ...numbers, ...wild].map((value) => () => value),
  ({ address }) => address,
  ({ address }) => address,
  ({ address }) => address + 8192,
  ({ words }) => words,
  ({ machine }) => machine,
  ({ machine }) => Object.create(machine),
  () => new Uint8Array(4096),
  () => new Uint8Array(new ArrayBuffer(4100), 1, 4097),
  () => new Uint8Array(new SharedArrayBuffer(64)),
  () => new Uint8Array(0),
  () => new Float64Array(64),
  () => new Float64Array([1, -1, Number.NaN, 2 ** 60, 0.5]),
  () => new BigUint64Array(600),
  () => new Uint32Array(8),
  () => new Uint16Array(3),
  () => new DataView(new ArrayBuffer(64), 3),
  () => new ArrayBuffer(64),
  detached,
  throwing,
  () => () => 0,
  () => () => assert.fail('a callback'),
  () => () => -5,
  () => () => ({}),
  (world) => () => call(world),
  (world) => () => world.machine.dispose(),
]

const methods = Object.getOwnPropertyNames(Machine.prototype).filter((name) => name !== 'constructor')
const quietly = (run) => {
  try {
    return run()
  } catch (error) {
    // TypeErrors of V8 and of Node-API, and exceptions of arguments. Native code must not throw anything else.
    assert(error instanceof TypeError || error instanceof RangeError || error.code === 'ERR_ASSERTION', error)
  }
}

const argumentsFor = (world) => Array.from({ length: below(10) }, () => pick(makes)(world))

/** One call of a method, seldom on a wrong object; or of a function that one has returned. */
function call(world) {
  if (below(8) === 0) {
    const laneNumbers = new Float64Array(world.numbers.buffer(), 0, 13)
    laneNumbers[below(13)] = pick([...numbers, Number.NaN, world.address, world.address + 4096, world.address + 16384])
    return quietly(() => pick(world.functions)(...argumentsFor(world)))
  }
  const method = Machine.prototype[pick(methods)]
  const self =
    below(20) > 0 ? world.machine : pick([undefined, {}, world.words, Object.create(world.machine), Machine, 5])
  return quietly(() => method.apply(self, argumentsFor(world)))
}

function makeWorld() {
  const machine = new Machine(256, 8, 2, 0, 0, 0, 0, 8, false)
  const pid = machine.processCreate()
  const address = machine.map(machine.processTask(pid), 0, 4, 0, 3, false)
  machine.store(machine.processTask(pid), address, new Uint8Array(3 * 4096))
  // The core's fault handler reads this property of the machine.
  machine.pageFault = pick([undefined, 5, () => 0, () => -1, () => assert.fail('a handler')])
  if (below(4) === 0) Object.defineProperty(machine, 'pageFault', { get: () => assert.fail('a getter') })
  const words = new Words(8)
  const numbers = new Words(8)
  const { tryLoad, tryStore } = machine.quick()
  const lanes = [machine.lane(words, numbers), machine.lane(new Words(2), numbers), machine.lane(numbers, numbers)]
  new Float64Array(numbers.buffer(), 0, 9).set([
    machine.processTask(pid),
    address,
    address + 8192,
    0,
    0,
    0,
    pick([0, 1, -1]),
    0,
    0,
  ])
  return { machine, address, words, numbers, functions: [tryLoad, tryStore, ...lanes] }
}

let calls = 0
while (calls < Number(count)) {
  const world = makeWorld()
  for (let i = 0; i < 200; i++, calls++) {
    call(world)
    if (below(50) === 0) quietly(() => new Machine(...argumentsFor(world)))
    if (below(50) === 0) quietly(() => new Words(...argumentsFor(world)).buffer())
    if (below(50) === 0) quietly(() => Reflect.apply(pick([Machine, Words]), pick([undefined, world.machine]), []))
  }
  const complaints = world.machine.verify()
  assert.deepEqual(Array.isArray(complaints) ? complaints : [], [])
  if (below(2) === 0) world.machine.dispose()
}
console.log(`${calls} calls`)
