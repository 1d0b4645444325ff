/* SPDX-License-Identifier: GPL-2.0-only */
/** @file stopped.h Who has stopped in the middle of a call. */
#ifndef HMMU_STOPPED_H
#define HMMU_STOPPED_H

#include "host/machine.h"
#include "host/stops.h"

/** The call in whose middle a task has stopped; NULL: it has not. */
static inline const struct stop *stop_of(const struct hmmu *m, u32 task)
{
	return m->stops && task < m->stops->end && m->stops->of[task].stop.wait ? &m->stops->of[task].stop : NULL;
}

#endif
