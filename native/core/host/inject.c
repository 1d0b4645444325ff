/* SPDX-License-Identifier: GPL-2.0-only */
/* Injected failures: each allocation site counts its passes, and fails at the passes that were asked for. */
#include <errno.h>

#include "host/inject.h"

bool injection_strikes(struct injection *injection)
{
	if (injection->nth > 1) {
		injection->nth--;
		return false;
	}
	if (!injection->forever)
		injection->nth = 0;
	return true;
}

int hmmu_inject(struct hmmu *m, uint32_t injection, uint64_t nth, bool forever)
{
	if (injection >= HMMU_INJECTION_COUNT)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "injection %u: there are 0 to %d", injection,
				 HMMU_INJECTION_COUNT - 1);
	m->st->injections[injection].nth = nth;
	m->st->injections[injection].forever = forever;
	return 0;
}

uint64_t hmmu_inject_passes(const struct hmmu *m, uint32_t injection)
{
	return injection < HMMU_INJECTION_COUNT ? m->st->injections[injection].passes : 0;
}
