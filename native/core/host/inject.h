/* SPDX-License-Identifier: GPL-2.0-only */
/** @file inject.h Allocations that are made to fail. */
#ifndef HMMU_INJECT_H
#define HMMU_INJECT_H

#include "host/machine.h"

bool injection_strikes(struct injection *injection);
/** Whether the allocation at a site has to fail this time. */
static ALWAYS_INLINE bool should_fail(struct hmmu *m, enum hmmu_injection site)
{
	struct injection *injection = &m->st->injections[site];

	injection->passes++;
	return injection->nth && injection_strikes(injection);
}

#endif
