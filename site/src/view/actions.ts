// SPDX-License-Identifier: GPL-2.0-only

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { PageKey } from '../../../lib/view/pages'

/** What any part of the page can do. */
export interface Actions {
  go(step: number): void
  /** Follows a page, or none. */
  follow(page: PageKey | undefined): void
  /** Shows the arrows of a page as long as the pointer is on its row. */
  hover(page: PageKey | undefined): void
}

const none = (): void => undefined

export const ActionsContext = createContext<Actions>({ go: none, follow: none, hover: none })

export const useActions = (): Actions => useContext(ActionsContext)

/** Handlers of an element that is chosen by a click, or by Enter when it has the focus. */
export const onChoice = (choose: () => void) => ({
  onClick: choose,
  onKeyDown: (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && event.target === event.currentTarget) choose()
  },
})
