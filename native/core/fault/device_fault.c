/* SPDX-License-Identifier: GPL-2.0-only */
/* Faults on device-private entries, which the device's driver handles. */
#include "fault/device_fault.h"

#include <errno.h>

#include "fault/vm_fault.h"
#include "host/events.h"
#include "host/platform.h"
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

#define WAITING_FAULTS_BYTES(m) ((u64)(m)->st->slabs[SLAB_TASK].capacity * sizeof(struct device_fault))

/*
 * 4.14 holds no reference to the page while its handler runs. "mm/memory.c: fix race when faulting a device private
 * page" takes one, and migrate_vma() expects it. So the references of two faulters keep each other from moving the page.
 * "mm/migrate: Trylock device page in do_swap_page" (6.15) locks the page for the first one; the others try again until it
 * is done, which is a wait here.
 */
static inline struct device_fault device_fault_on(const struct ctx *ctx, u64 address, u32 pfn)
{
	const struct hmmu *m = ctx->m;

	return (struct device_fault){
		.pfn = pfn,
		.task = ctx->task,
		.no_ref = quirk(m, HMMU_QUIRK_FAULT_WITHOUT_REF),
		.locked = KERNEL >= V6_12 && !quirk(m, HMMU_QUIRK_FAULTERS_LIVELOCK),
		.address = address & PAGE_MASK,
		.outer = m->faults,
	};
}

/* Take the page for the handler. BLOCKED: another fault has locked it. */
static inline int fault_take_page(struct ctx *ctx, const struct device_fault *fault)
{
	if (fault->locked && !trylock_page(ctx->m, fault->pfn))
		return wait_on_page(ctx, fault->pfn, false, RESUME_RETRY);
	get_page(ctx->m, fault->pfn);
	return 0;
}

static bool waiting_faults_alloc(struct hmmu *m)
{
	if (!m->waiting_faults)
		m->waiting_faults = platform_reserve(WAITING_FAULTS_BYTES(m));
	return m->waiting_faults;
}

/* HMMU_SWITCH_DEVICE_FAULT: the handler runs in steps, which the caller makes. */
static NOINLINE int wait_for_handler(struct ctx *ctx, u64 address, u32 pfn)
{
	struct hmmu *m = ctx->m;
	struct task *task = ctx->self;
	struct device_fault *fault;
	int err = 0;

	if (!waiting_faults_alloc(m))
		return FAULT_OOM;
	fault = &m->waiting_faults[ctx->task];
	*fault = device_fault_on(ctx, address, pfn);
	fault->waits = true;
	if (!fault->no_ref)
		err = fault_take_page(ctx, fault);
	if (err)
		return err;
	if (!fault->no_ref)
		m->faults = fault;
	event(m, HMMU_EVENT_DEVICE_FAULT, ctx->mm, fault->address, pfn);
	probe(device_fault, ctx->task, fault->address, pfn);
	task->wait = HMMU_WAIT_DEVICE_FAULT;
	task->wait_pfn = pfn;
	task->wait_ref = 0;
	task->resume = RESUME_RETRY;
	return note_wait(ctx);
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

int device_private_entry_fault(struct ctx *ctx, u64 address, u32 pfn)
{
	struct hmmu *m = ctx->m;
	struct device_fault fault = device_fault_on(ctx, address, pfn);
	int result;

	if (m->switch_points & HMMU_SWITCH_DEVICE_FAULT)
		return wait_for_handler(ctx, address, pfn);
	if (fault.no_ref)
		return call_fault_handler(ctx, address, pfn);
	result = fault_take_page(ctx, &fault);
	if (result)
		return result;
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

void device_fault_settle(struct hmmu *m, const struct task *task)
{
	struct device_fault *fault = &m->waiting_faults[task - m->tasks];

	event(m, HMMU_EVENT_DEVICE_FAULT_END, task->mm, fault->address, fault->err != 0);
	probe(device_fault_end, fault->task, fault->address, fault->err);
	if (fault->no_ref)
		return;
	forget_outer_fault(m, fault);
	if (fault->locked)
		unlock_faulted_page(m, fault->pfn);
	put_device_page(m, fault->pfn);
}

/* The fault in which a task waits; NULL with an error. */
static struct device_fault *waiting_fault(struct hmmu *m, u32 tid)
{
	if (check_task(m, tid))
		return NULL;
	if (task_of(m, tid)->wait == HMMU_WAIT_DEVICE_FAULT)
		return &m->waiting_faults[tid];
	hmmu_fail(m, -ENOENT, HMMU_ERR_SYSCALL, "task %u waits for no handler of a device fault", tid);
	return NULL;
}

int hmmu_device_fault(const struct hmmu *m, uint32_t tid, struct hmmu_device_fault *out)
{
	const struct device_fault *fault = waiting_fault((struct hmmu *)m, tid);

	if (!fault)
		return m->error.err;
	*out = (struct hmmu_device_fault){
		.address = fault->address,
		.pfn = fault->pfn,
		.device = device_of_page(m, fault->pfn),
		.ended = fault->ended,
	};
	return 0;
}

int hmmu_device_fault_end(struct hmmu *m, uint32_t tid, int err)
{
	struct device_fault *fault = waiting_fault(m, tid);

	if (!fault)
		return m->error.err;
	if (fault->ended)
		return hmmu_fail(m, -ENOENT, HMMU_ERR_SYSCALL, "the handler of task %u's device fault has ended", tid);
	if (task_of(m, tid)->migrations)
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "the handler of task %u's device fault still migrates", tid);
	if (err > 0)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "err is %d: it is 0 or a negative errno", err);
	fault->ended = true;
	fault->err = err;
	return 0;
}

int hmmu_set_switch_points(struct hmmu *m, uint32_t points)
{
#define X(name, bit, ...) | 1u << (bit)
	const u32 known = 0 HMMU_SWITCH_POINTS(X);
#undef X

	if (points & ~known)
		return hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "switching points %#x: %#x are known", points,
				 known);
	/* A fault has no way to say that the host has no memory for its wait. */
	if ((points & HMMU_SWITCH_DEVICE_FAULT) && !waiting_faults_alloc(m))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for faults that wait");
	m->switch_points = points;
	return 0;
}

uint32_t hmmu_switch_points(const struct hmmu *m)
{
	return m->switch_points;
}

bool device_fault_restore(struct hmmu *m, const struct saved_fault *saved, struct device_fault ***end)
{
	const struct ctx ctx = { .m = m, .task = saved->task };
	struct device_fault *fault;

	if (!waiting_faults_alloc(m))
		return false;
	fault = &m->waiting_faults[saved->task];
	*fault = device_fault_on(&ctx, saved->address, task_of(m, saved->task)->wait_pfn);
	fault->waits = true;
	fault->ended = saved->ended;
	fault->err = saved->err;
	fault->outer = NULL;
	if (!fault->no_ref) {
		**end = fault;
		*end = &fault->outer;
	}
	return true;
}

void waiting_faults_free(struct hmmu *m)
{
	if (!m->waiting_faults)
		return;
	if (PLATFORM_REUSES_MEMORY)
		memset(m->waiting_faults, 0, m->st->slabs[SLAB_TASK].high * sizeof(*m->waiting_faults));
	platform_release(m->waiting_faults, WAITING_FAULTS_BYTES(m));
}
