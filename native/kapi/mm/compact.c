/* SPDX-License-Identifier: GPL-2.0-only */
/* As compaction would do it. For the notifiers it is a migration by nobody. */
#include "mm/compact.h"

#include "host/host.h"
#include "mm/core.h"
#include "mm/mm.h"

/** Pages of a process. */
struct compaction {
	u64 start, end;
	u32 pid;
};

/* A word for dst; 0: there is no memory. */
static u64 copy_page(u64 src)
{
	u32 pfn;

	if (hmmu_page_alloc(machine, &pfn))
		return 0;
	hmmu_page_trylock(machine, pfn);
	hmmu_page_copy(machine, pfn, hmmu_word_pfn(src));
	return hmmu_word(pfn, 0);
}

/* Whether the page has moved, or its notifiers have heard of it at least. */
static bool move_page(u32 tid, u64 address)
{
	uint64_t src, dst;
	const struct hmmu_migrate_request request = { .tid = tid,
						      .start = address,
						      .end = address + PAGE_SIZE,
						      .src = &src,
						      .dst = &dst,
						      .flags = HMMU_SELECT_SYSTEM };
	struct hmmu_migration *migration;

	if (CORE_CALL(tid, NULL, hmmu_migrate_vma_setup(machine, &request, &migration)))
		return false;
	if (src & HMMU_PFN_MIGRATE && src & HMMU_PFN_VALID)
		dst = copy_page(src);
	hmmu_migrate_vma_pages(migration);
	hmmu_migrate_vma_finalize(migration);
	return true;
}

static long run_compaction(struct kapi_thread *thread, void *data)
{
	const struct compaction compaction = *(struct compaction *)data;
	u32 tid;

	(void)thread;
	host_free(data);
	core_enter(NULL);
	if (hmmu_task_create(machine, compaction.pid, &tid))
		return 0;
	for (u64 address = compaction.start; address < compaction.end; address += PAGE_SIZE)
		if (move_page(tid, address))
			break;
	core_enter(NULL);
	hmmu_task_destroy(machine, tid);
	return 0;
}

void compact(const struct mm_struct *mm, u64 start, u64 end, const struct kapi_place *place)
{
	struct compaction *compaction = host_alloc(sizeof(*compaction));
	struct kapi_thread *thread = compaction ? thread_start("kcompactd", run_compaction, compaction) : NULL;

	if (!thread) {
		host_free(compaction);
		return;
	}
	*compaction = (struct compaction){ .start = start, .end = end, .pid = mm->pid };
	thread->detached = true;
	thread_sleep_until(jiffies + 1, "the time of another thread", place);
}
