/* SPDX-License-Identifier: GPL-2.0-only */
/* Mirrors: interval notifiers, hmm_range_fault() and the loop around it, and pages that a device has for itself. */
#include <errno.h>

#include "fuzz.h"

/* Flags of a request, and some that are none. */
static uint64_t request_flags(uint8_t x)
{
	return (x & 1 ? HMMU_RANGE_REQ_FAULT : 0) | (x & 2 ? HMMU_RANGE_REQ_WRITE : 0) | (x & 64 && x & 128 ? 1 : 0);
}

static void op_interval(struct world *w, const struct fuzz_record *r)
{
	uint32_t *slot = &w->intervals[r->y % MAX_INTERVALS];
	struct region range = record_range(w, r);
	uint64_t seq = r->first;
	int result;

	switch (r->x % 4) {
	case 0:
		trace(w, "hmmu_mmu_interval_notifier_insert(m, %u, %#llx, %llu pages, &interval);", record_pid(w, r),
		      (unsigned long long)range.address, (unsigned long long)range.pages);
		check_result(w, hmmu_mmu_interval_notifier_insert(w->m, record_pid(w, r), range.address,
								  range.pages * HMMU_PAGE_SIZE, fuzz_owner(r->x >> 2),
								  slot));
		return;
	case 1:
		result = hmmu_mmu_interval_notifier_remove(w->m, *slot);
		break;
	case 2:
		result = hmmu_mmu_interval_read_begin(w->m, *slot, &seq);
		break;
	default:
		result = hmmu_mmu_interval_read_retry(w->m, *slot, seq);
		break;
	}
	/* It waits for the end of an invalidation, and no task does. */
	trace(w, "interval %u, call %u: %d\n", *slot, r->x % 4, result);
	if (result < 0 && result != -EAGAIN)
		check_result(w, result);
}

/* A call that goes on has the sequence that it began with. */
static void op_range_fault(struct world *w, const struct fuzz_record *r)
{
	struct region at = record_range(w, r);
	struct hmmu_range range = {
		.notifier = w->intervals[r->y / 4 % MAX_INTERVALS],
		.start = at.address,
		.end = at.address + at.pages * HMMU_PAGE_SIZE,
		.pfns = w->words,
		.default_flags = request_flags(r->x),
		.pfn_flags_mask = request_flags(r->x >> 2),
		.owner = fuzz_owner(r->y),
	};

	if (w->call && w->call->repeated)
		range.notifier_seq = w->call->seq;
	else if (hmmu_mmu_interval_read_begin(w->m, range.notifier, &range.notifier_seq))
		range.notifier_seq = r->x;
	if (w->call)
		w->call->seq = range.notifier_seq;
	trace(w, "hmmu_range_fault(m, %u, interval %u, seq %llu, %#llx, %llu pages, flags %#llx);", record_tid(w, r),
	      range.notifier, (unsigned long long)range.notifier_seq, (unsigned long long)range.start,
	      (unsigned long long)at.pages, (unsigned long long)range.default_flags);
	check_result(w, hmmu_range_fault(w->m, record_tid(w, r), &range));
	trace_bytes(w, "pfns", w->words, sizeof(w->words));
}

static void op_mirror_loop(struct world *w, const struct fuzz_record *r)
{
	struct region at = record_range(w, r);

	trace(w, "hmmu_mirror(m, %u, %#llx, %llu pages, %#llx);", record_tid(w, r), (unsigned long long)at.address,
	      (unsigned long long)at.pages, (unsigned long long)request_flags(r->x));
	check_result(w, hmmu_mirror(w->m, record_tid(w, r), at.address, at.address + at.pages * HMMU_PAGE_SIZE,
				    request_flags(r->x), fuzz_owner(r->y), w->words));
	trace_bytes(w, "pfns", w->words, sizeof(w->words));
}

static void op_exclusive(struct world *w, const struct fuzz_record *r)
{
	uint64_t address = record_range(w, r).address;
	uint32_t pfn = 0;

	trace(w, "hmmu_make_device_exclusive(m, %u, %#llx, %u, &pfn);", record_tid(w, r), (unsigned long long)address,
	      r->y % 4u);
	if (check_result(w, hmmu_make_device_exclusive(w->m, record_tid(w, r), address, fuzz_owner(r->y), &pfn)) ||
	    !pfn)
		return;
	trace(w, "// pfn = %u\n", pfn);
	w->last_driver_page = pfn;
	/* A device that has written its tables lets go; one that has not keeps the page locked. */
	if (r->x & 1)
		return;
	if (hmmu_page_unlock(w->m, pfn) || hmmu_page_put(w->m, pfn))
		broken(w, "a device can't let go of page %u: %s", pfn, hmmu_error(w->m)->text);
}

bool op_mirror(struct world *w, const struct fuzz_record *r)
{
	switch (r->op) {
	case FUZZ_OP_INTERVAL:
		op_interval(w, r);
		return true;
	case FUZZ_OP_RANGE_FAULT:
		op_range_fault(w, r);
		return true;
	case FUZZ_OP_MIRROR:
		op_mirror_loop(w, r);
		return true;
	case FUZZ_OP_EXCLUSIVE:
		op_exclusive(w, r);
		return true;
	default:
		return false;
	}
}
