/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls on ranges, loads and stores. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
#define X(name, ...) ADVICE_##name,
	HMMU_ADVICES(X)
#undef X
		ADVICES
};

/* Near a border of the tables of some level, or an end of user space: behind it, or up to it. */
static uint64_t border_address(const struct fuzz_record *r, uint64_t pages)
{
	static const uint64_t borders[] = { 0x10000, 1ull << 21, 1ull << 30, 1ull << 39, HMMU_TASK_SIZE };
	uint64_t address = borders[r->first % 5] + (r->first / 5 % 8) * HMMU_PAGE_SIZE - 4 * HMMU_PAGE_SIZE;

	return r->y & 64 ? address - pages * HMMU_PAGE_SIZE : address;
}

static void op_map(struct world *w, const struct fuzz_record *r)
{
	struct hmmu_map map = {
		.pages = fuzz_pages(r->count),
		.kind = r->x % 7,
		.prot = ~r->y & 3,
		.align_huge = r->y & 4,
	};
	uint64_t address;

	if (map.kind == HMMU_MAP_HUGETLB)
		map.pages = HMMU_HUGE_PAGES * (1 + r->count % 3);
	if (map.kind == HMMU_MAP_SPECIAL || map.kind == HMMU_MAP_MIXED)
		map.pages = 1 + map.pages % 64;
	if (r->y & 8)
		map.address = record_range(w, r).address;
	if (r->y & 32)
		map.address = border_address(r, map.pages);
	trace(w,
	      "hmmu_mmap(m, %u, &(struct hmmu_map){ .address = %#llx, .pages = %llu, .kind = %u, .prot = %u, "
	      ".align_huge = %d }, &a);",
	      record_tid(w, r), (unsigned long long)map.address, (unsigned long long)map.pages, map.kind, map.prot,
	      map.align_huge);
	if (check_result(w, hmmu_mmap(w->m, record_tid(w, r), &map, &address)))
		return;
	trace(w, "// a = %#llx\n", (unsigned long long)address);
	add_region(w, address, map.pages);
	/* Most of what there is to find is in huge pages, so these are easy to come by. */
	if (!(r->y & 16))
		return;
	check_result(w, hmmu_madvise(w->m, record_tid(w, r), address, map.pages * HMMU_PAGE_SIZE, HMMU_MADV_HUGEPAGE));
	/* If this blocks, mmap() is not what the task can repeat. */
	w->code = HMMU_ERR_OK;
}

static void op_mremap(struct world *w, const struct fuzz_record *r)
{
	struct region range = record_range(w, r);
	uint64_t pages = fuzz_pages(r->x), to = w->call->to, address;

	if (r->y & 4)
		range.pages = 0;
	trace(w, "hmmu_mremap(m, %u, %#llx, %llu * 4096ull, %llu * 4096ull, %u, %#llx, &a);", record_tid(w, r),
	      (unsigned long long)range.address, (unsigned long long)range.pages, (unsigned long long)pages, r->y & 3,
	      (unsigned long long)to);
	if (check_result(w, hmmu_mremap(w->m, record_tid(w, r), range.address, range.pages * HMMU_PAGE_SIZE,
					pages * HMMU_PAGE_SIZE, r->y & 3, to, &address)))
		return;
	trace(w, "// a = %#llx\n", (unsigned long long)address);
	add_region(w, address, pages);
}

/* munmap(), mlock() and their like: a task, an address, a length. */
static void op_range(struct world *w, const struct fuzz_record *r, const char *name,
		     int (*call)(struct hmmu *, uint32_t, uint64_t, uint64_t))
{
	struct region range = record_range(w, r);

	trace(w, "%s(m, %u, %#llx, %llu * 4096ull);", name, record_tid(w, r), (unsigned long long)range.address,
	      (unsigned long long)range.pages);
	check_result(w, call(w->m, record_tid(w, r), range.address, range.pages * HMMU_PAGE_SIZE));
}

static void op_range_with(struct world *w, const struct fuzz_record *r, const char *name, uint32_t argument,
			  int (*call)(struct hmmu *, uint32_t, uint64_t, uint64_t, uint32_t))
{
	struct region range = record_range(w, r);

	trace(w, "%s(m, %u, %#llx, %llu * 4096ull, %u);", name, record_tid(w, r), (unsigned long long)range.address,
	      (unsigned long long)range.pages, argument);
	check_result(w, call(w->m, record_tid(w, r), range.address, range.pages * HMMU_PAGE_SIZE, argument));
}

static int uffd_writeprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t on)
{
	return hmmu_uffd_writeprotect(m, tid, address, length, on);
}

static void op_truncate(struct world *w, const struct fuzz_record *r)
{
	uint64_t address = record_range(w, r).address, pages = fuzz_pages(r->x);

	/* Mostly a file gets shorter. */
	if (r->y & 1)
		pages = r->x % 4;
	trace(w, "hmmu_truncate(m, %u, %#llx, %llu);", record_tid(w, r), (unsigned long long)address,
	      (unsigned long long)pages);
	check_result(w, hmmu_truncate(w->m, record_tid(w, r), address, pages));
}

static void check_done(const struct world *w, int result, size_t length, size_t done)
{
	if (done > length || (!result && done != length))
		broken(w, "%zu of %zu bytes are said to be done, with result %d", done, length, result);
}

/* One access over several pages, from the middle of the first one. */
static void access_span(struct world *w, const struct fuzz_record *r)
{
	struct region range = record_range(w, r);
	size_t length = range.pages * HMMU_PAGE_SIZE, done = 0;
	uint64_t address = range.address + r->x * 16u;
	uint8_t *buffer = malloc(length);
	int result;

	if (!buffer)
		broken(w, "no memory");
	memset(buffer, r->x, length);
	if (r->op == FUZZ_OP_STORE)
		result = hmmu_store(w->m, record_tid(w, r), address, buffer, length, &done);
	else
		result = hmmu_load(w->m, record_tid(w, r), address, buffer, length, &done);
	trace_bytes(w, "buffer", buffer, done);
	free(buffer);
	trace(w, "%s(m, %u, %#llx, buffer, %zu, &done);", r->op == FUZZ_OP_STORE ? "hmmu_store" : "hmmu_load",
	      record_tid(w, r), (unsigned long long)address, length);
	check_result(w, result);
	check_done(w, result, length, done);
}

/* A byte of each page; a task that is blocked stays so, with the rest of the range to do. */
static void access_pages(struct world *w, const struct fuzz_record *r)
{
	struct region *range = &w->call->range;

	for (unsigned i = 0; range->pages; i++, range->pages--, range->address += HMMU_PAGE_SIZE) {
		uint64_t address = range->address;
		uint8_t byte = r->x;
		size_t done = 0;
		int result;

		trace(w, "%s(m, %u, %#llx, &(uint8_t){ %u }, 1, NULL);",
		      r->op == FUZZ_OP_STORE ? "hmmu_store" : "hmmu_load", record_tid(w, r),
		      (unsigned long long)address, byte);
		if (r->op == FUZZ_OP_STORE)
			result = hmmu_store(w->m, record_tid(w, r), address, &byte, 1, &done);
		else
			result = hmmu_load(w->m, record_tid(w, r), address, &byte, 1, &done);
		check_result(w, result);
		trace_bytes(w, "byte", &byte, done);
		check_done(w, result, 1, done);
		/* What is wrong with one page need not be so with the next one; but mostly it is. */
		if (result && (i > 3 || hmmu_error(w->m)->code != HMMU_ERR_SIGBUS))
			return;
	}
}

static void op_reclaim(struct world *w, const struct fuzz_record *r)
{
	struct region range = record_range(w, r);

	if (r->y & 1) {
		trace(w, "hmmu_reclaim_pages(m, %u, %#llx, %llu);", record_pid(w, r), (unsigned long long)range.address,
		      (unsigned long long)range.pages);
		check_result(w, hmmu_reclaim_pages(w->m, record_pid(w, r), range.address, range.pages));
		return;
	}
	for (uint64_t i = 0; i < range.pages; i++) {
		uint64_t address = range.address + i * HMMU_PAGE_SIZE;

		trace(w, "hmmu_reclaim(m, %u, %#llx);", record_pid(w, r), (unsigned long long)address);
		if (check_result(w, hmmu_reclaim(w->m, record_pid(w, r), address)) && i > 3)
			return;
	}
}

bool op_memory(struct world *w, const struct fuzz_record *r)
{
	switch (r->op) {
	case FUZZ_OP_MAP:
		op_map(w, r);
		return true;
	case FUZZ_OP_MREMAP:
		op_mremap(w, r);
		return true;
	case FUZZ_OP_TRUNCATE:
		op_truncate(w, r);
		return true;
	case FUZZ_OP_RECLAIM:
		op_reclaim(w, r);
		return true;
	case FUZZ_OP_UNMAP:
		op_range(w, r, "hmmu_munmap", hmmu_munmap);
		return true;
	case FUZZ_OP_PROTECT:
		op_range_with(w, r, "hmmu_mprotect", r->x % 4, hmmu_mprotect);
		return true;
	case FUZZ_OP_ADVISE:
		op_range_with(w, r, "hmmu_madvise", r->x % ADVICES, hmmu_madvise);
		return true;
	case FUZZ_OP_LOCK:
		op_range(w, r, "hmmu_mlock", hmmu_mlock);
		return true;
	case FUZZ_OP_UNLOCK:
		op_range(w, r, "hmmu_munlock", hmmu_munlock);
		return true;
	case FUZZ_OP_CLEAR:
		trace(w, "hmmu_clear_soft_dirty(m, %u);", record_tid(w, r));
		check_result(w, hmmu_clear_soft_dirty(w->m, record_tid(w, r)));
		return true;
	case FUZZ_OP_UFFD:
		if (r->y & 1)
			op_range_with(w, r, "hmmu_uffd_register", r->x % 4, hmmu_uffd_register);
		else
			op_range_with(w, r, "hmmu_uffd_writeprotect", r->x & 1, uffd_writeprotect);
		return true;
	case FUZZ_OP_STORE:
	case FUZZ_OP_LOAD:
		if (r->y & 1)
			access_span(w, r);
		else
			access_pages(w, r);
		return true;
	default:
		return false;
	}
}
