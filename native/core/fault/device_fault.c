/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults on device-private entries, which the device's driver handles. */
#include "fault/vm_fault.h"
#include "host/events.h"
#include "host/probe.h"
#include "host/stats.h"
#include "page/devmem.h"

static int call_fault_handler(struct ctx *ctx, u64 address, u32 pfn)
{
	struct hmmu *m = ctx->m;
	struct span span = span_begin(m, HMMU_SPAN_DEVICE_FAULT);
	u32 device = device_of_page(m, pfn);
	int err;

	address &= PAGE_MASK;
	event(m, HMMU_EVENT_DEVICE_FAULT, ctx->mm, address, pfn);
	probe(device_fault, ctx->task, address, pfn);
	m->in_callback++;
	err = m->drivers[device].ops.page_fault(m, ctx->task, address, pfn, m->drivers[device].data);
	m->in_callback--;
	abandon_nested_call(ctx);
	span_end(m, &span, 1, 1);
	event(m, HMMU_EVENT_DEVICE_FAULT_END, ctx->mm, address, err != 0);
	probe(device_fault_end, ctx->task, address, err);
	return err ? FAULT_SIGBUS : 0;
}

/* The fault is over. A migration that its handler has begun and not ended keeps the lock of its source. */
static void unlock_faulted_page(struct hmmu *m, u32 pfn)
{
	for (struct hmmu_migration *mig = m->migrations; mig; mig = mig->next) {
		if (mig->fault_lock != pfn)
			continue;
		mig->fault_lock = 0;
		if (migration_has_source(mig, pfn))
			return;
	}
	unlock_page(m, pfn);
}

/* Handlers that wait end in any order. */
static NOINLINE void forget_outer_fault(struct hmmu *m, const struct device_fault *fault)
{
	struct device_fault **link = &m->faults;

	while (*link != fault)
		link = &(*link)->outer;
	*link = fault->outer;
}

/*
 * 4.14 holds no reference to the page while its handler runs. "mm/memory.c: fix race when faulting a device private
 * page" takes one, and migrate_vma() expects it. So the references of two faulters keep each other from moving the page.
 * "mm/migrate: Trylock device page in do_swap_page" (6.15) locks the page for the first one; the others try again until it
 * is done, which is a wait here.
 */
int device_private_entry_fault(struct ctx *ctx, u64 address, u32 pfn)
{
	struct hmmu *m = ctx->m;
	struct device_fault fault = { .pfn = pfn, .task = ctx->task, .outer = m->faults };
	int result;

	if (quirk(m, HMMU_QUIRK_FAULT_WITHOUT_REF))
		return call_fault_handler(ctx, address, pfn);
	fault.locked = KERNEL >= V6_12 && !quirk(m, HMMU_QUIRK_FAULTERS_LIVELOCK);
	if (fault.locked && !trylock_page(m, pfn))
		return wait_on_page(ctx, pfn, false, RESUME_RETRY);
	get_page(m, pfn);
	m->faults = &fault;
	result = call_fault_handler(ctx, address, pfn);
	if (m->faults == &fault)
		m->faults = fault.outer;
	else
		forget_outer_fault(m, &fault);
	if (fault.locked)
		unlock_faulted_page(m, pfn);
	put_device_page(m, pfn);
	return result;
}
