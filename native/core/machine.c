/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as a whole: making and unmaking it, errors, counters, processes. */
#include "machine.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "devmem.h"
#include "hugetlb.h"
#include "lru.h"
#include "mm.h"
#include "platform.h"
#include "rmap.h"
#include "stats.h"

static const u32 profile_bits[] = {
	[HMMU_PROFILE_LINUX_4_14] = HMMU_IN_LINUX_4_14,
	[HMMU_PROFILE_HMM_V25] = HMMU_IN_HMM_V25,
	[HMMU_PROFILE_LINUX_4_14_FIXED] = 0,
};

/* The reference machines have a pool of as many. */
#define HUGETLB_PAGES_BY_DEFAULT 4

static u32 profile_quirks(u32 profile)
{
	u32 quirks = 0;

#define X(name, bit, profiles, word, commit) quirks |= (profiles)&profile_bits[profile] ? 1u << (bit) : 0;
	HMMU_QUIRKS(X)
#undef X
	return quirks;
}

const char *hmmu_version(void)
{
	return HMMU_VERSION;
}

int hmmu_abi(void)
{
	return HMMU_ABI;
}

int hmmu_fail(struct hmmu *m, int err, u32 code, const char *format, ...)
{
	va_list args;

	m->error = (struct hmmu_error){ .err = err, .code = code };
	va_start(args, format);
	vsnprintf(m->error.text, sizeof(m->error.text), format, args);
	va_end(args);
	return err;
}

void hmmu_bug(struct hmmu *m, const char *what)
{
	m->st->bugs++;
	snprintf(m->first_bug, m->first_bug[0] ? 0 : sizeof(m->first_bug), "%s", what);
}

const struct hmmu_error *hmmu_error(const struct hmmu *m)
{
	return &m->error;
}

/* The parts of the state that options decide. */
static int state_of_options(const struct hmmu_options *options, struct state *st)
{
	if (options->profile > HMMU_PROFILE_LINUX_4_14_FIXED || options->quirks_on & ~all_quirks())
		return -EINVAL;
	st->ram_pages = options->ram_pages ? options->ram_pages : 65536;
	st->device_pages = options->device_pages;
	st->other_device_pages = options->other_device_pages;
	st->swap_pages = options->swap_pages;
	st->hugetlb_pages = options->hugetlb_pages ? options->hugetlb_pages : HUGETLB_PAGES_BY_DEFAULT;
	if (options->hugetlb_pages == HMMU_HUGETLB_NONE)
		st->hugetlb_pages = 0;
	st->cpus = options->cpus ? options->cpus : 1;
	st->profile = options->profile;
	st->no_contents = options->no_contents;
	st->quirks = (profile_quirks(options->profile) | options->quirks_on) & ~options->quirks_off;
	st->memcg_limit = options->memcg_limit;
	return 0;
}

int hmmu_create(const struct hmmu_options *options, struct hmmu **machine)
{
	static const struct hmmu_options defaults;
	struct state chosen = { 0 };
	struct hmmu *m;
	int err = state_of_options(options ? options : &defaults, &chosen);

	if (err)
		return err;
	m = platform_alloc(sizeof(*m));
	err = m ? arena_create(m, &chosen) : -ENOMEM;
	if (err) {
		platform_free(m);
		return err;
	}
	m->st->profile = chosen.profile;
	m->st->quirks = m->quirks = chosen.quirks;
	m->st->memcg_limit = chosen.memcg_limit;
	frame_init(m);
	hugetlb_init(m);
	devmem_init(m);
	lru_init(m);
	*machine = m;
	return 0;
}

int hmmu_destroy(struct hmmu *m)
{
	if (!m)
		return 0;
	if (m->in_callback || m->in_page_free || migration_in_callback(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "a callback of the machine runs");
	migrations_drop(m);
	if (PLATFORM_REUSES_MEMORY)
		arena_wipe(m);
	platform_free(m->spare_migration);
	arena_destroy(m);
	platform_free(m->stats_kept);
	platform_free(m->event_cycles);
	platform_free(m);
	return 0;
}

uint32_t hmmu_quirks(const struct hmmu *m)
{
	return m->quirks;
}

uint64_t hmmu_counter(const struct hmmu *m, uint32_t counter)
{
	const struct state *st = m->st;

	switch (counter) {
	case HMMU_COUNT_RAM_PAGES:
		return st->ram_pages;
	case HMMU_COUNT_RAM_FREE:
		return st->free_frames;
	case HMMU_COUNT_TABLE_PAGES:
		return st->table_pages;
	case HMMU_COUNT_DEVICE_PAGES:
		return st->device_pages;
	case HMMU_COUNT_DEVICE_FREE:
		return st->device_free;
	case HMMU_COUNT_LRU_INACTIVE_ANON:
		return st->lru[LRU_INACTIVE_ANON].nr;
	case HMMU_COUNT_LRU_ACTIVE_ANON:
		return st->lru[LRU_ACTIVE_ANON].nr;
	case HMMU_COUNT_LRU_INACTIVE_FILE:
		return st->lru[LRU_INACTIVE_FILE].nr;
	case HMMU_COUNT_LRU_ACTIVE_FILE:
		return st->lru[LRU_ACTIVE_FILE].nr;
	case HMMU_COUNT_LRU_UNEVICTABLE:
		return st->lru[LRU_UNEVICTABLE].nr;
	case HMMU_COUNT_SWAP_PAGES:
		return st->swap_pages;
	case HMMU_COUNT_SWAP_FREE:
		return st->swap_pages - st->swap_used;
	case HMMU_COUNT_SWAP_CACHED:
		return st->swap_cached;
	case HMMU_COUNT_HUGETLB_PAGES:
		return st->hugetlb_pages;
	case HMMU_COUNT_HUGETLB_FREE:
		return st->hugetlb_free;
	case HMMU_COUNT_HUGETLB_RESERVED:
		return st->hugetlb_reserved;
	case HMMU_COUNT_PROCESSES:
		return st->slabs[SLAB_MM].used;
	case HMMU_COUNT_MAPPINGS:
		return st->slabs[SLAB_VMA].used;
	case HMMU_COUNT_ANON_VMAS:
		return st->slabs[SLAB_ANON_VMA].used;
	default:
		return counter < HMMU_COUNTER_COUNT ? st->counters[counter] : 0;
	}
}

bool hmmu_process_alive(const struct hmmu *m, uint32_t pid)
{
	return pid && pid < m->st->slabs[SLAB_MM].high && m->mms[pid].state == MM_ALIVE;
}

static int no_process(const struct hmmu *m, u32 pid)
{
	return hmmu_fail((struct hmmu *)m, -ESRCH, HMMU_ERR_NO_PROCESS, "there is no process %u", pid);
}

int hmmu_process_create(struct hmmu *m, uint32_t *pid)
{
	u32 mm;
	int err = mm_create(m, &mm);

	if (!err)
		*pid = mm;
	return err;
}

uint32_t hmmu_process_task(const struct hmmu *m, uint32_t pid)
{
	return hmmu_process_alive(m, pid) ? m->mms[pid].main_task : 0;
}

/* Whether a task of the process is in the middle of a call, or would have to be waited for. One that holds mmap_sem is in
 * a fault whose handler makes this call. */
static bool process_busy(const struct hmmu *m, u32 pid)
{
	if (m->mms[pid].migrations)
		return true;
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (m->tasks[task].mm == pid && (m->tasks[task].op || m->tasks[task].sem_hold))
			return true;
	return false;
}

int hmmu_exit(struct hmmu *m, uint32_t pid)
{
	struct ctx ctx = { .m = m, .mm = pid };
	struct span span;
	u64 pages;
	int err;

	if (!hmmu_process_alive(m, pid))
		return no_process(m, pid);
	if (m->in_page_free)
		return check_outside_page_free(m);
	if (process_busy(m, pid))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u migrates, or a task of it is in a call", pid);
	ctx.task = m->mms[pid].main_task;
	ctx.cpu = m->tasks[ctx.task].cpu;
	pages = resident_pages(m, pid);
	span = span_begin(m, HMMU_SPAN_EXIT);
	err = exit_mmap(&ctx);
	span_end(m, &span, 1, pages);
	if (err) {
		/* A mlocked page is locked by somebody: its owner has to let go first. */
		wait_done(m, ctx.task);
		munlock_give_up(m, pid, ctx.progress.munlock_at);
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "process %u waits for the lock of a mlocked page", pid);
	}
	m->mms[pid].state = MM_DEAD;
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (m->tasks[task].mm == pid && task != m->mms[pid].main_task)
			slab_free(m, SLAB_TASK, task);
	mm_free(m, pid);
	return 0;
}

int hmmu_mm_counters(const struct hmmu *m, uint32_t pid, struct hmmu_mm_counters *out)
{
	const struct mm *mm = &m->mms[pid < m->st->slabs[SLAB_MM].capacity ? pid : 0];

	if (!hmmu_process_alive(m, pid))
		return no_process(m, pid);
	*out = (struct hmmu_mm_counters){
		.anon = mm->rss[MM_ANONPAGES],
		.file = mm->rss[MM_FILEPAGES],
		.shmem = mm->rss[MM_SHMEMPAGES],
		.swap = mm->rss[MM_SWAPENTS],
		.locked = mm->locked_vm,
		.tables = mm->tables,
		.hugetlb = mm->hugetlb_usage,
	};
	for (u32 vma = mm->mmap; vma; vma = m->vmas[vma].next)
		out->mapped += vma_pages(&m->vmas[vma]);
	return 0;
}

int hmmu_watch(struct hmmu *m, uint32_t pid)
{
	if (!hmmu_process_alive(m, pid))
		return no_process(m, pid);
	m->mms[pid].watched |= WATCH_EVENTS;
	return 0;
}

int hmmu_notify(struct hmmu *m, uint32_t pid, bool on)
{
	u32 others;

	if (!hmmu_process_alive(m, pid))
		return no_process(m, pid);
	others = m->mms[pid].watched & ~WATCH_CALLS;
	m->mms[pid].watched = others | (on ? WATCH_CALLS : 0);
	return 0;
}
