// SPDX-License-Identifier: GPL-2.0-only
const { Machine } = require('hmmu')

test('a page that is pinned stays', () => {
  const machine = new Machine({ devicePages: 8 })
  const a = machine.process()
  const buf = a.map({ pages: 2 })
  buf.write(0, new Uint8Array(8192))
  const pin = a.pin(buf.pageAddress(1))
  const result = a.migrate(buf, { to: 'device' })
  expect(result).toHaveMoved(0)
  expect(result).toHaveReason('pinned', 1)
  expect(buf).toBeDevicePrivate(0)
  expect(() => expect(buf).toBeDevicePrivate()).toThrow(/wrong: page 1\n {2}page {2}entry/)
  pin.drop()
  expect(machine).toBeBalanced()
  machine.dispose()
})
