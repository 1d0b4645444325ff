/* SPDX-License-Identifier: GPL-2.0-only */
/* What drivers need besides plain calls: handlers of the device, notifications, destinations; and calls of JavaScript. */
#include "driver.h"

#include <errno.h>

#include "host/platform.h"
#include "kernel/move_all.h"
#include "instance.h"

struct host host;

/* Call this first, with the indexes of functions in the module's table. */
EXPORT(setHost)
void wasm_set_host(int (*migration)(uint32_t id, uint32_t which),
		   int (*page_fault)(uint32_t device, uint32_t tid, double address, uint32_t pfn),
		   int (*page_free)(uint32_t device, uint32_t pfn),
		   int (*invalidate)(uint32_t pid, uint32_t type, uint32_t kind, double start, double end),
		   int (*interval_invalidate)(uint32_t notifier, uint32_t kind, double owner, double start, double end,
					      double seq, uint32_t blockable),
		   int (*search_progress)(double states, double open), int (*clock)(void))
{
	host = (struct host){
		migration, page_fault, page_free, invalidate, interval_invalidate, search_progress, clock
	};
	platform_clock = clock;
}

static int on_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	const uint32_t *device = data;

	(void)m;
	return host.page_fault(*device, tid, (double)address, pfn);
}

static void on_page_free(struct hmmu *m, uint32_t pfn, void *data)
{
	const uint32_t *device = data;

	(void)m;
	host.page_free(*device, pfn);
}

EXPORT(setDeviceHandlers) int wasm_set_device_handlers(uint32_t device, bool page_fault, bool page_free)
{
	static uint32_t numbers[HMMU_MAX_DEVICES];
	const struct hmmu_pagemap_ops ops = { page_fault ? on_page_fault : NULL, page_free ? on_page_free : NULL };
	uint32_t *number = &numbers[device % HMMU_MAX_DEVICES];
	int err = hmmu_device_driver(instance.machine, device, &ops, number);

	if (!err)
		*number = device;
	return err;
}

static void on_invalidate(struct hmmu *m, const struct hmmu_event *event, void *data)
{
	(void)m;
	(void)data;
	host.invalidate(event->pid, event->type, event->kind, (double)event->a, (double)event->b);
}

EXPORT(notify) int wasm_notify(uint32_t pid, bool on)
{
	hmmu_set_notifier(instance.machine, on_invalidate, NULL);
	return hmmu_notify(instance.machine, pid, on);
}

/* As in the addon: a result that is neither 0 nor -EAGAIN stands for what the core does without a handler. */
static bool on_interval_invalidate(struct hmmu *m, const struct hmmu_invalidation *told, void *data)
{
	int result = host.interval_invalidate(told->notifier, told->kind, (double)told->owner, (double)told->start,
					      (double)told->end, (double)told->seq, told->blockable);

	(void)data;
	if (result < 0 && result != -EAGAIN && !told->own)
		hmmu_mmu_interval_set_seq(m, told->notifier, told->seq);
	return result != -EAGAIN;
}

EXPORT(notifyIntervals) int wasm_notify_intervals(void)
{
	return hmmu_set_invalidate(instance.machine, on_interval_invalidate, NULL);
}

EXPORT(destinations) int wasm_destinations(uint32_t to, uint32_t device, uint32_t *pages, uint32_t count)
{
	return hmmu_destinations(instance.machine, to, device, pages, count);
}

/* The request: entries, target, device, kinds, flags, mark. */
EXPORT(moveAll)
int wasm_move_all(const uint32_t *request, const uint64_t *src, uint64_t *dst, uint8_t *moved, const uint8_t *only)
{
	const struct move_all all = {
		.src = src,
		.dst = dst,
		.count = request[0],
		.only = only,
		.moved = moved,
		.from = request[3],
		.to = request[1],
		.device = request[2],
		.flags = request[4],
		.mark = request[5],
	};

	return (int)move_all(instance.machine, &all);
}
