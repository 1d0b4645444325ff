// SPDX-License-Identifier: GPL-2.0-only
//
// Looks up results of `npm run bench`.

export const SIZES = [1, 16, 512, 65536, 1048576]
export const STAGES = ['COLLECT', 'PREPARE', 'UNMAP', 'ALLOC_AND_COPY', 'PAGES', 'FINALIZE_AND_MAP', 'FINALIZE']

const DEFAULTS = { via: 'c', driver: 'c', state: 'pages', stage: '', processes: 1, contents: false }

/** The record with these properties, if it was measured. Defaults: the C path, plain pages, no contents. */
export function find(results, wanted) {
  const all = { ...DEFAULTS, ...wanted }
  return results.find((record) => Object.entries(all).every(([key, value]) => (record[key] ?? DEFAULTS[key]) === value))
}

/** Nanoseconds a page of the best run, if measured. */
export function perPage(results, wanted) {
  const record = find(results, wanted)
  return record === undefined ? undefined : record.best / record.pages
}

/** How many single calls are timed together: SINGLE_CALLS of bench/. */
const SINGLE_CALLS = 1000

/** Nanoseconds of one migration of one page, and of one fault on a device page that a handler migrates back. */
export function singleCalls(results, via, contents) {
  const [trips, faults] = ['round-trips', 'device-faults'].map((op) =>
    perPage(results, { via, op, pages: 1, contents }),
  )
  if (trips === undefined || faults === undefined) return undefined
  const migrate = trips / SINGLE_CALLS / 2
  return { migrate, fault: faults / SINGLE_CALLS - migrate }
}

/** A quotient of two measurements, if both exist. */
export function ratio(a, b) {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b
}

export const grouped = (value) => value.toLocaleString('en-US')

/** Three significant digits, and all of the integer part. */
export function digits(value) {
  if (value === undefined) return '–'
  if (value >= 100) return grouped(Math.round(value))
  return value.toFixed(value >= 10 ? 1 : 2)
}
