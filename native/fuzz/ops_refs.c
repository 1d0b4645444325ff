/* SPDX-License-Identifier: GPL-2.0-only */
/* Pins, holds, isolations and what drivers do with pages: references from outside, and giving them up. */
#include "fuzz.h"

static void op_take(struct world *w, const struct fuzz_record *r)
{
	uint64_t address = record_range(w, r).address;
	uint8_t kind = (uint8_t)(r->op - FUZZ_OP_PIN);
	uint32_t pfn = 0;
	int result;

	if (kind == 0) {
		uint32_t flags = r->x & (HMMU_PIN_WRITE | HMMU_PIN_DMA | (w->modern ? HMMU_PIN_LONGTERM : 0));

		kind = flags & HMMU_PIN_DMA ? 3 : 0;
		trace(w, "hmmu_pin(m, %u, %#llx, %u, &pfn);", record_tid(w, r), (unsigned long long)address, flags);
		result = hmmu_pin(w->m, record_tid(w, r), address, flags, &pfn);
	} else if (kind == 1) {
		trace(w, "hmmu_hold(m, %u, %#llx, &pfn);", record_pid(w, r), (unsigned long long)address);
		result = hmmu_hold(w->m, record_pid(w, r), address, &pfn);
	} else {
		trace(w, "hmmu_isolate(m, %u, %#llx, &pfn);", record_pid(w, r), (unsigned long long)address);
		result = hmmu_isolate(w->m, record_pid(w, r), address, &pfn);
	}
	if (check_result(w, result))
		return;
	trace(w, "// pfn = %u\n", pfn);
	if (!pfn)
		broken(w, "page 0 was taken");
	add_ref(w, pfn, kind);
}

static int drop(struct world *w, uint8_t kind, uint32_t pfn)
{
	static const char *const names[] = { NULL, "hmmu_release", "hmmu_putback" };
	static int (*const calls[])(struct hmmu *, uint32_t) = { NULL, hmmu_release, hmmu_putback };

	if (kind % 3) {
		trace(w, "%s(m, %u);", names[kind], pfn);
		return check_result(w, calls[kind](w->m, pfn));
	}
	trace(w, "hmmu_unpin(m, %u, %d);", pfn, kind ? HMMU_PIN_DMA : 0);
	return check_result(w, hmmu_unpin(w->m, pfn, kind ? HMMU_PIN_DMA : 0));
}

static void op_drop(struct world *w, const struct fuzz_record *r)
{
	struct ref *ref = &w->refs[w->nr_refs ? r->first % w->nr_refs : 0];

	if (r->y & 1 || !w->nr_refs) {
		drop(w, r->x % 4, r->first);
		return;
	}
	if (drop(w, ref->kind, ref->pfn) && hmmu_error(w->m)->code != HMMU_ERR_REFERENCE)
		broken(w, "a reference can't be dropped");
	*ref = w->refs[--w->nr_refs];
}

static uint32_t page_there(struct world *w, const struct fuzz_record *r)
{
	struct hmmu_entry entry;

	if (hmmu_dump(w->m, record_pid(w, r), record_range(w, r).address, 1, &entry))
		return 0;
	return entry.pfn;
}

static void op_page_flags(struct world *w, const struct fuzz_record *r)
{
	const uint32_t allowed = HMMU_PG_REFERENCED | HMMU_PG_CHECKED | HMMU_PG_MAPPEDTODISK | HMMU_PG_ERROR |
				 HMMU_PG_YOUNG | HMMU_PG_IDLE | HMMU_PG_DIRTY;
	uint32_t flags = (r->x | (uint32_t)r->y << 8 | (uint32_t)r->y << 16) & (r->y & 1 ? ~0u : allowed);
	uint32_t pfn = page_there(w, r);

	trace(w, "hmmu_page_set_flags(m, %u, %#x);", pfn, flags);
	check_result(w, hmmu_page_set_flags(w->m, pfn, flags));
}

static int driver_call(struct world *w, const struct fuzz_record *r, uint32_t pfn)
{
	uint32_t from = r->first % (w->pages + 2);

	switch (r->x % 7) {
	case 0:
		trace(w, "hmmu_page_alloc(m, &pfn);");
		return hmmu_page_alloc(w->m, &w->last_driver_page);
	case 1:
		trace(w, "hmmu_device_alloc(m, &pfn);");
		return hmmu_device_alloc(w->m, &w->last_driver_page);
	case 2:
		trace(w, "hmmu_page_trylock(m, %u);", pfn);
		return hmmu_page_trylock(w->m, pfn);
	case 3:
		trace(w, "hmmu_page_unlock(m, %u);", pfn);
		return hmmu_page_unlock(w->m, pfn);
	case 4:
		trace(w, "hmmu_page_put(m, %u);", pfn);
		return hmmu_page_put(w->m, pfn);
	case 5:
		trace(w, "hmmu_page_copy(m, %u, %u);", pfn, from);
		return hmmu_page_copy(w->m, pfn, from);
	default:
		trace(w, "hmmu_page_zero(m, %u);", pfn);
		return hmmu_page_zero(w->m, pfn);
	}
}

/* A page of its own, the one mapped somewhere, or any. */
static void op_driver_page(struct world *w, const struct fuzz_record *r)
{
	uint32_t pfn = r->y & 1 ? r->first : r->y & 2 ? page_there(w, r) : w->last_driver_page;

	check_result(w, driver_call(w, r, pfn));
}

bool op_refs(struct world *w, const struct fuzz_record *r)
{
	switch (r->op) {
	case FUZZ_OP_PIN:
	case FUZZ_OP_HOLD:
	case FUZZ_OP_ISOLATE:
		op_take(w, r);
		return true;
	case FUZZ_OP_DROP:
		op_drop(w, r);
		return true;
	case FUZZ_OP_PAGE_FLAGS:
		op_page_flags(w, r);
		return true;
	case FUZZ_OP_DRIVER_PAGE:
		op_driver_page(w, r);
		return true;
	default:
		return false;
	}
}
