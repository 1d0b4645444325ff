/* SPDX-License-Identifier: GPL-2.0-only */
/** @file events.h The ring of events. */
#ifndef HMMU_EVENTS_H
#define HMMU_EVENTS_H

#include "host/machine.h"

#define X(name, bit, ...) | 1u << (bit)
/** The bits of all types of events. */
static inline u32 all_events(void)
{
	return 0 HMMU_EVENTS(X);
}
#undef X

void event_record(struct hmmu *m, u32 type, u32 mm, u64 a, u64 b);
static inline bool event_wanted(const struct hmmu *m, u32 type)
{
	return m->st->event_mask & (1u << type);
}
static inline void event(struct hmmu *m, u32 type, u32 mm, u64 a, u64 b)
{
	if (event_wanted(m, type))
		event_record(m, type, mm, a, b);
}
/** An event of an address space, for those who watch it; @p kind is an enum hmmu_notify_kind. */
void event_notify(struct hmmu *m, u32 type, u32 kind, u32 mm, u64 start, u64 end);

#endif
