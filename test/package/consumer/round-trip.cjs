// SPDX-License-Identifier: GPL-2.0-only

/** A page to the device and back, on machines of whatever API is given; what came of it. */
exports.roundTrip = ({ Machine }) => {
  const machine = new Machine({ ramPages: 1024, devicePages: 8 })
  const process_ = machine.process()
  const page = process_.map({ pages: 1 })
  page.write(0, Uint8Array.of(0x5a))
  const { moved } = process_.migrate(page, { to: 'device' })
  const there = page.dump()[0].kind
  const byte = page.read(0, 1)[0]
  const complaints = machine.verify()
  machine.dispose()
  return { moved, there, byte, complaints }
}
