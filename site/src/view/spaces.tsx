// SPDX-License-Identifier: GPL-2.0-only

import { regionText } from '../../../lib/view/cells'
import type { Moment } from '../../../lib/view/changes'
import type { PageKey } from '../../../lib/view/pages'
import { plural } from '../../../lib/view/words'
import type { RecordedProcess, RecordedRegion } from '../record/types'
import { RegionTable } from './region-table'
import { Strip } from './strip'
import { Tasks } from './tasks'
import { Translations } from './translations'

/** Processes with their tasks and regions. */
export function Spaces({ moment, followed }: { moment: Moment; followed: PageKey | undefined }) {
  const processes = Object.entries(moment.state.processes)
  if (processes.length === 0) return <p class="muted">No process.</p>
  return (
    <>
      {processes.map(([name, process]) => (
        <div class="process" key={name}>
          <h3>
            <b>Process {name}</b>
            <span class="muted">
              {plural(process.rss.anon ?? 0, 'anonymous page')} · {plural(process.rss.tables ?? 0, 'page table')}
            </span>
          </h3>
          <Tasks moment={moment} process={name} />
          <Translations moment={moment} process={name} />
          {process.regions.map((region) => (
            <RegionView key={region.name} {...{ moment, followed, name, process, region }} />
          ))}
        </div>
      ))}
    </>
  )
}

interface RegionProps {
  moment: Moment
  followed: PageKey | undefined
  name: string
  process: RecordedProcess
  region: RecordedRegion
}

/** Regions up to this size have no strip. */
const NO_STRIP = 8

function RegionView({ moment, followed, name, process, region }: RegionProps) {
  const at = `${name}/${region.name}`
  const entries = moment.state.entries.get(at)
  if (!entries) return null
  return (
    <div class="region">
      <h4>
        <span>{region.name}</span>
        <span class="muted">{regionText(process, region)}</span>
      </h4>
      {region.pages > NO_STRIP && <Strip at={at} entries={entries} followed={followed} />}
      <RegionTable moment={moment} at={at} followed={followed} />
    </div>
  )
}
