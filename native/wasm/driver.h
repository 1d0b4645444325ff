/* SPDX-License-Identifier: GPL-2.0-only */
/** @file driver.h The functions of JavaScript that the module calls. */
#ifndef HMMU_WASM_DRIVER_H
#define HMMU_WASM_DRIVER_H

#include <stdint.h>

/** They return 0 or a negative errno, and never throw. */
struct host {
	/** A callback of a migration, 0: alloc_and_copy, 1: finalize_and_map. */
	int (*migration)(uint32_t id, uint32_t which);
	/** A fault on a device page. */
	int (*page_fault)(uint32_t device, uint32_t tid, double address, uint32_t pfn);
	/** A device page is free again. */
	int (*page_free)(uint32_t device, uint32_t pfn);
	/** Pages of a process lose their meaning. */
	int (*invalidate)(uint32_t pid, uint32_t type, uint32_t kind, double start, double end);
	/** The range of an interval notifier is invalidated. -EAGAIN: the function would wait. */
	int (*interval_invalidate)(uint32_t notifier, uint32_t kind, double owner, double start, double end, double seq,
				   uint32_t blockable);
	/** How far a search is. Negative: it is to end. */
	int (*search_progress)(double states, double open);
	/** Milliseconds. */
	int (*clock)(void);
};
extern struct host host;

#endif
