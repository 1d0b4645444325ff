// SPDX-License-Identifier: GPL-2.0-only
//
// Results a page, equal ones of neighbouring pages together: `[0-7] X [8] Y`.

export function pageRange(first: number, last = first): string {
  return first === last ? `[${first}]` : `[${first}-${last}]`
}

export function runs(results: readonly (readonly [page: number, result: string])[]): string {
  const parts: { first: number; last: number; result: string }[] = []
  for (const [page, result] of results) {
    const open = parts.at(-1)
    if (open?.result === result && open.last === page - 1) open.last = page
    else parts.push({ first: page, last: page, result })
  }
  return parts.map(({ first, last, result }) => `${pageRange(first, last)} ${result}`).join(' ')
}
