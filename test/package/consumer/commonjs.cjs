// SPDX-License-Identifier: GPL-2.0-only
const hmmu = require('hmmu')
const { roundTrip } = require('./round-trip.cjs')

console.log(JSON.stringify(roundTrip(hmmu)))
