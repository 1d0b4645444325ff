/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions for drivers: pages, their locks and contents, the device's fault handler; and calls of JavaScript. */
#include "driver.h"

#include "instance.h"

struct host host;

/* Call this first, with the indexes of two functions in the module's table. */
EXPORT(setHost)
void wasm_set_host(int (*migration)(uint32_t id, uint32_t which),
		   int (*page_fault)(uint32_t tid, double address, uint32_t pfn))
{
	host.migration = migration;
	host.page_fault = page_fault;
}

static int on_page_fault(struct hmmu *m, uint32_t tid, uint64_t address, uint32_t pfn, void *data)
{
	(void)m;
	(void)data;
	return host.page_fault(tid, (double)address, pfn);
}

EXPORT(setFaultHandler) int wasm_set_fault_handler(bool on)
{
	const struct hmmu_pagemap_ops ops = { on ? on_page_fault : NULL, NULL };

	return hmmu_device_set_ops(instance.machine, &ops, NULL);
}

EXPORT(deviceBase) double wasm_device_base(void)
{
	return hmmu_device_base(instance.machine);
}

EXPORT(deviceAlloc) double wasm_device_alloc(void)
{
	uint32_t pfn = 0;
	int err = hmmu_device_alloc(instance.machine, &pfn);

	return numbered(err, pfn);
}

EXPORT(pageAlloc) double wasm_page_alloc(void)
{
	uint32_t pfn = 0;
	int err = hmmu_page_alloc(instance.machine, &pfn);

	return numbered(err, pfn);
}

EXPORT(pageTrylock) int wasm_page_trylock(uint32_t pfn)
{
	return hmmu_page_trylock(instance.machine, pfn);
}

EXPORT(pageUnlock) int wasm_page_unlock(uint32_t pfn)
{
	return hmmu_page_unlock(instance.machine, pfn);
}

EXPORT(pagePut) int wasm_page_put(uint32_t pfn)
{
	return hmmu_page_put(instance.machine, pfn);
}

EXPORT(pageCopy) int wasm_page_copy(uint32_t to, uint32_t from)
{
	return hmmu_page_copy(instance.machine, to, from);
}

EXPORT(pageZero) int wasm_page_zero(uint32_t pfn)
{
	return hmmu_page_zero(instance.machine, pfn);
}

EXPORT(destinations) int wasm_destinations(uint32_t to, uint32_t *pages, uint32_t count)
{
	return hmmu_destinations(instance.machine, to, pages, count);
}

EXPORT(destinationsLeft) double wasm_destinations_left(uint32_t to)
{
	return (double)hmmu_destinations_left(instance.machine, to);
}
