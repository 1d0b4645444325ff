/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments that no caller should give: any number for a task, process, page, address or length. */
#include <stdlib.h>

#include "fuzz.h"

static uint64_t wild_number(const struct fuzz_record *r, unsigned which)
{
	static const uint64_t corners[] = {
		0,
		1,
		4095,
		4096,
		HMMU_TASK_SIZE,
		HMMU_TASK_SIZE - 4096,
		HMMU_TASK_SIZE - 1,
		1ull << 47,
		1ull << 63,
		~0ull,
		~4095ull,
		1ull << 32,
		(1ull << 32) - 4096,
		0x100100000,
		0x800000000000,
		1ull << 39,
	};
	uint64_t n = (uint64_t)r->first << (r->count % 56) | r->y;

	return r->count & 1u << (which + 5) ? n : corners[(r->first >> 4 * which) % 16];
}

static void wild_map(struct world *w, const struct fuzz_record *r, uint32_t tid)
{
	struct hmmu_map map = {
		.address = wild_number(r, 0),
		.pages = wild_number(r, 1),
		.kind = r->y % 7,
		.prot = r->region % 5,
		.align_huge = r->y & 1,
	};
	uint64_t address;

	/* A large special mapping would use up the fuzzer's time, not find anything. */
	if ((map.kind == HMMU_MAP_SPECIAL || map.kind == HMMU_MAP_MIXED) && map.pages > 4096)
		map.pages = 4096;
	if (!check_result(w, hmmu_mmap(w->m, tid, &map, &address)))
		add_region(w, address, map.pages < 1200 ? map.pages : 1200);
}

static void wild_migrate(struct world *w, const struct fuzz_record *r, uint32_t tid)
{
	uint64_t src[4], dst[4];
	struct hmmu_builtin builtin = { .to = r->y % 3 };
	struct hmmu_migrate_request request = {
		.tid = tid,
		.start = wild_number(r, 0),
		.src = r->y & 8 ? NULL : src,
		.dst = r->y & 16 ? NULL : dst,
		.ops = r->y & 32 ? NULL : &hmmu_builtin_ops,
		.data = &builtin,
	};

	/* The arrays have to be long enough, that is the caller's promise; the end may still be below the start. */
	request.end = (request.start & ~4095ull) + (r->region % 5) * 4096ull - (r->y & 64 ? 8192 : 0);
	check_result(w, hmmu_migrate_vma(w->m, &request));
}

static void wild_access(struct world *w, const struct fuzz_record *r, uint32_t tid)
{
	size_t length = (size_t)(wild_number(r, 1) % 20000), done = 0;
	uint8_t *buffer = calloc(1, length + 1);

	if (!buffer)
		broken(w, "no memory");
	if (r->y & 1)
		check_result(w, hmmu_store(w->m, tid, wild_number(r, 0), buffer, length, &done));
	else
		check_result(w, hmmu_load(w->m, tid, wild_number(r, 0), buffer, length, &done));
	trace_bytes(w, "buffer", buffer, done);
	free(buffer);
}

static void wild_range(struct world *w, const struct fuzz_record *r, uint32_t tid)
{
	uint64_t address = wild_number(r, 0), length = wild_number(r, 1);

	switch (r->y % 6) {
	case 0:
		check_result(w, hmmu_munmap(w->m, tid, address, length));
		break;
	case 1:
		check_result(w, hmmu_mprotect(w->m, tid, address, length, r->region % 5));
		break;
	case 2:
		check_result(w, hmmu_madvise(w->m, tid, address, length, r->region % 14));
		break;
	case 3:
		check_result(w, hmmu_mlock(w->m, tid, address, length % (1u << 24)));
		break;
	case 4:
		check_result(w, hmmu_munlock(w->m, tid, address, length));
		break;
	default:
		check_result(w, hmmu_uffd_register(w->m, tid, address, length, r->region % 5));
		break;
	}
}

static void wild_look(struct world *w, const struct fuzz_record *r, uint32_t tid)
{
	struct hmmu_entry entries[8];
	struct hmmu_task_state state;
	struct hmmu_page_info page;
	struct hmmu_vma_info vma;
	uint64_t walk[5], address = wild_number(r, 0);
	uint32_t pid = (uint32_t)wild_number(r, 1), pfn;

	check_result(w, hmmu_dump(w->m, pid, address, r->region % 9, entries));
	check_result(w, hmmu_dump(w->m, w->pids[0], address, r->region % 9, entries));
	hmmu_walk(w->m, w->pids[0], address, walk);
	hmmu_vmas(w->m, pid, NULL, 0);
	hmmu_vma_at(w->m, pid, address, &vma);
	hmmu_page_info(w->m, (uint32_t)wild_number(r, 2), &page);
	hmmu_page_data(w->m, (uint32_t)wild_number(r, 2));
	hmmu_task_state(w->m, tid, &state);
	hmmu_watch(w->m, pid);
	hmmu_hold(w->m, pid, address, &pfn);
	if (!hmmu_pin(w->m, tid, address, r->y % 5, &pfn))
		add_ref(w, pfn, r->y % 5 & HMMU_PIN_DMA ? 3 : 0);
	if (!check_result(w, hmmu_mmap_lock(w->m, tid, r->y & 1)))
		check_result(w, hmmu_mmap_unlock(w->m, tid));
}

void op_wild(struct world *w, const struct fuzz_record *r)
{
	uint32_t tid = r->who & 1 ? (uint32_t)wild_number(r, 2) : w->tids[r->who % w->nr_tids];

	trace(w, "wild %u of task %u: %#llx %#llx %#llx, y %u, region %u\n", r->x % 6, tid,
	      (unsigned long long)wild_number(r, 0), (unsigned long long)wild_number(r, 1),
	      (unsigned long long)wild_number(r, 2), r->y, r->region);
	forget_blocked(w, tid);
	switch (r->x % 6) {
	case 0:
		wild_map(w, r, tid);
		break;
	case 1:
		wild_migrate(w, r, tid);
		break;
	case 2:
		wild_access(w, r, tid);
		break;
	case 3:
		wild_range(w, r, tid);
		break;
	case 4:
		wild_look(w, r, tid);
		break;
	default:
		check_result(w, hmmu_exit(w->m, (uint32_t)wild_number(r, 0)));
		check_result(w, hmmu_task_destroy(w->m, tid));
		check_result(w, hmmu_task_set_cpu(w->m, tid, (uint32_t)wild_number(r, 1)));
		break;
	}
}
