/* SPDX-License-Identifier: GPL-2.0-only */
/* The ring of events, and the mmu_notifier calls that are recorded there. */
#include <errno.h>

#include "host/events.h"
#include "host/platform.h"

/* The kernel tells under page table locks, too, so that those who are told must not enter it. */
static void tell(struct hmmu *m, hmmu_notifier_fn function, const struct hmmu_event *event, void *data)
{
	/* Preserve the outer call's error. */
	struct hmmu_error error = m->error;

	m->in_page_free++;
	m->in_notifier++;
	function(m, event, data);
	m->in_notifier--;
	m->in_page_free--;
	m->error = error;
}

static void record(struct hmmu *m, const struct hmmu_event *event)
{
	struct state *st = m->st;

	if (m->on_event) {
		tell(m, m->on_event, event, m->on_event_data);
		return;
	}
	if (st->event_head - st->event_tail == EVENT_RING) {
		st->counters[HMMU_COUNT_EVENTS_LOST]++;
		return;
	}
	if (m->event_cycles)
		m->event_cycles[st->event_head % EVENT_RING] = platform_cycles();
	m->events[st->event_head++ % EVENT_RING] = *event;
}

void event_record(struct hmmu *m, u32 type, u32 mm, u64 a, u64 b)
{
	record(m, &(struct hmmu_event){ .type = (uint16_t)type, .pid = mm, .a = a, .b = b });
}

/* Watching a process records invalidate_start. invalidate_end and invalidate_range have to be enabled as events. */
void event_notify(struct hmmu *m, u32 type, u32 kind, u32 mm, u64 start, u64 end)
{
	const struct hmmu_event event = {
		.type = (uint16_t)type,
		.kind = (uint16_t)kind,
		.pid = mm,
		.a = start,
		.b = end,
	};
	u32 mask = m->st->event_mask | 1u << HMMU_EVENT_INVALIDATE_START, watched = mm_of(m, mm)->watched;

	if (watched & WATCH_EVENTS && mask & 1u << type)
		record(m, &event);
	if (watched & WATCH_CALLS && m->notifier)
		tell(m, m->notifier, &event, m->notifier_data);
}

int hmmu_set_notifier(struct hmmu *m, hmmu_notifier_fn notifier, void *data)
{
	m->notifier = notifier;
	m->notifier_data = data;
	return 0;
}

int hmmu_set_event_function(struct hmmu *m, hmmu_notifier_fn function, void *data)
{
	m->on_event = function;
	m->on_event_data = data;
	return 0;
}

int hmmu_set_invalidate(struct hmmu *m, hmmu_invalidate_fn invalidate, void *data)
{
	m->invalidate = invalidate;
	m->invalidate_data = data;
	return 0;
}

int hmmu_events_record(struct hmmu *m, uint32_t mask)
{
	m->st->event_mask = mask & all_events();
	return 0;
}

int hmmu_events_time(struct hmmu *m, bool on)
{
	platform_free(m->event_cycles);
	m->event_cycles = on ? platform_alloc(EVENT_RING * sizeof(u64)) : NULL;
	if (on && !m->event_cycles)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the times of events");
	return 0;
}

int hmmu_events_read_timed(struct hmmu *m, struct hmmu_event *out, uint64_t *cycles, uint32_t capacity)
{
	struct state *st = m->st;
	u32 n = 0;

	for (; n < capacity && st->event_tail < st->event_head; n++) {
		u64 at = st->event_tail++ % EVENT_RING;

		out[n] = m->events[at];
		if (cycles)
			cycles[n] = m->event_cycles ? m->event_cycles[at] : 0;
	}
	return (int)n;
}

int hmmu_events_read(struct hmmu *m, struct hmmu_event *out, uint32_t capacity)
{
	return hmmu_events_read_timed(m, out, NULL, capacity);
}
