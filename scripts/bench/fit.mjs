// SPDX-License-Identifier: GPL-2.0-only
//
// How the cost of an operation grows with n: the k of `fixed + c * n ** k`.

/** What grows faster fails. n log n is below, where the sizes are. */
export const MOST = 1.1

/**
 * A fixed cost hides growth, because it is a large part of the cost of few. What a straight line through the two smallest
 * sizes has at 0 is taken for it: that is all of it if the growth is linear, and less if it is more. Then k is the slope of
 * the least squares line through the logarithms.
 * @param points at least three `{ n, cost }`, by n
 */
export function exponentOfAll(points) {
  const [{ n: n1, cost: c1 }, { n: n2, cost: c2 }] = points
  const fixed = Math.max(0, c1 - ((c2 - c1) / (n2 - n1)) * n1)
  // The whole cost may be fixed. One instruction is as good as none, and has a logarithm.
  return slope(points.map(({ n, cost }) => [Math.log(n), Math.log(Math.max(1, cost - fixed))]))
}

/**
 * For an operation on one of n: the exponent of n of them, were each done. Nothing is fixed here. What does not depend on n
 * is the whole cost, as it should be.
 */
export function exponentOfOne(points) {
  return 1 + slope(points.map(({ n, cost }) => [Math.log(n), Math.log(Math.max(1, cost))]))
}

/** The slope of the least squares line. */
function slope(points) {
  const mean = (k) => points.reduce((sum, point) => sum + point[k], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const across = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return across / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}

/**
 * Groups records by what they are about, and fits each group.
 * @param records `{ what, op, n, cost }`. An operation whose name ends in " one" is on one of n.
 * @returns `{ what, op, points, exponent }` in the order of the records
 */
export function fitAll(records) {
  const groups = new Map()
  for (const { what, op, n, cost } of records) {
    const key = `${what}, ${op}`
    if (!groups.has(key)) groups.set(key, { what, op, points: [] })
    groups.get(key).points.push({ n, cost })
  }
  return [...groups.values()].map(({ what, op, points }) => {
    if (points.length < 3) throw new Error(`${what}, ${op}: ${points.length} sizes do not say how it grows`)
    points.sort((a, b) => a.n - b.n)
    return { what, op, points, exponent: isOfOne(op) ? exponentOfOne(points) : exponentOfAll(points) }
  })
}

export const isOfOne = (op) => op.endsWith(' one')

/** The cost for each of n; of an operation on one of n its cost. */
export const costOf = ({ n, cost }, op) => (isOfOne(op) ? cost : cost / n)
