// SPDX-License-Identifier: GPL-2.0-only

import { render } from 'preact'
import { documentLibrary } from './model/library'
import type { RecordDocument } from './record/types'
import './styles/tokens.css'
import './styles/base.css'
import './styles/score.css'
import './styles/caption.css'
import './styles/history.css'
import './styles/machine.css'
import './styles/narrow.css'
import { App } from './view/app'

const answer = await fetch('records.json')
const document_ = (await answer.json()) as RecordDocument
render(<App library={documentLibrary(document_)} />, document.querySelector('#page')!)
