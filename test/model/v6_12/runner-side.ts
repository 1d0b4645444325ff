// SPDX-License-Identifier: GPL-2.0-only
//
// The model with the program that runs drills on a real kernel. That program notes the userfaultfd of a process in a page
// of its own. The process shares this page with its parent until then, and is in the memory cgroup. So with a limit a page
// is charged that no command names.

import type { Errno } from '../side'
import type { Steps } from '../steps'
import { ModelSide } from './model-side'
import { Frame, type Ref } from './page'
import type { Space } from './space'

/** The page of one process. */
interface RunnerPage {
  /** The process shares it with nobody: a store needs no new page. */
  own: boolean
  hasUserfault: boolean
  readonly frame: Frame
  /** The process maps it, and is charged for it. */
  ref?: Ref
}

export class RunnerSide extends ModelSide {
  readonly #pages = new Map<Space, RunnerPage>()

  #pageOf(space: Space): RunnerPage {
    const page = this.#pages.get(space) ?? { own: false, hasUserfault: false, frame: new Frame(0) }
    this.#pages.set(space, page)
    return page
  }

  override *uffd(space: Space, start: number, end: number, wp: boolean): Steps<Errno> {
    const page = this.#pageOf(space)
    if (!page.hasUserfault && !page.own) yield* store(space, page)
    page.hasUserfault = true
    return yield* super.uffd(space, start, end, wp)
  }

  /** The child of a process with a userfaultfd forgets it at once, when it is not in the group yet. */
  override *fork(space: Space): Steps<Space | Errno> {
    const child = yield* super.fork(space)
    if (typeof child === 'string') return child
    const page = this.#pageOf(space)
    this.#pageOf(child).own = page.hasUserfault
    page.own = false
    return child
  }

  override *exit(space: Space): Steps<Errno> {
    const { frame, ref } = this.#pageOf(space)
    const result = yield* super.exit(space)
    if (ref !== undefined) frame.folio.put(ref)
    return result
  }
}

function* store({ world }: Space, page: RunnerPage): Steps<void> {
  while (!world.memcg.charge(page.frame)) yield* world.memcg.wait()
  page.ref = page.frame.folio.get('runner')
  page.own = true
}
