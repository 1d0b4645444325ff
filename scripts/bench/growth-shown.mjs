// SPDX-License-Identifier: GPL-2.0-only
//
// The operations of npm run bench:growth that docs/performance.md shows, on Linux 6.12: title, what there are n of, operation.
// The first ones are in the plot.
const SHOWN = [
  ['cut a mapping into n, from above', 'pieces of a mapping', 'mprotect downward'],
  ['fork a process with n mappings', 'pieces of a mapping', 'fork'],
  ['migrate one page of n mappings', 'pieces of a mapping', 'migrate one'],
  ['migrate pages of n processes', 'sharers of a page', 'migrate'],
  ['n processes exit', 'processes', 'exit each'],
  ['verify() of n processes', 'processes', 'verify'],
  ['migrate n pages to the device', 'pages', 'migrate.to-device'],
  ['munmap of n pages', 'pages', 'munmap'],
  ['hash() of n pages', 'pages', 'hash'],
  ['snapshot of n pages', 'pages', 'snapshot'],
  ['clone n pages', 'pages', 'clone'],
  ['n migrations under way end', 'migrations under way', 'end'],
  ['mirror n ranges', 'mirrored ranges', 'insert'],
  ['run a drill of n lines (steps of TypeScript)', 'lines of a drill', 'run'],
  ['record a drill of n lines (steps of TypeScript)', 'lines of a drill', 'record'],
]

const PROFILE = 'linux-6.12'

/** Of the fits of all operations those that are shown, with titles. */
export function shownFits(fits) {
  return SHOWN.map(([title, what, op]) => {
    const fit = fits.find((each) => each.op === op && (each.what === `${what}, ${PROFILE}` || each.what === what))
    if (!fit) throw new Error(`${what}: no operation ${op} was counted`)
    return { ...fit, title }
  })
}
