// SPDX-License-Identifier: GPL-2.0-only
//
// Terms that stand in a row are one stop for Tab, and arrows go from one to the next.

/** A handler of the element around the terms: the first has tabIndex 0, the others -1. */
export function onArrows(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (by === undefined || event.shiftKey || event.altKey) return
  const terms = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>('.term')]
  const at = terms.indexOf(event.target as HTMLElement)
  if (at < 0) return
  event.preventDefault()
  terms[at + by]?.focus()
}
