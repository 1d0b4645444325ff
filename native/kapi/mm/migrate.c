/* SPDX-License-Identifier: GPL-2.0-only */
/* Migration. The machine works on the driver's own arrays: words of Linux 6.12 are alike in both. */
#include "mm/migrate.h"

#include <linux/kernel.h>
#include <linux/migrate.h>

#include "host/host.h"
#include "lib/heap.h"
#include "log/report.h"
#include "mm/core.h"
#include "mm/dma.h"
#include "mm/mm.h"
#include "mm/owner.h"
#include "mm/page.h"
#include "task/faults.h"

_Static_assert(MIGRATE_PFN_VALID == HMMU_PFN_VALID && MIGRATE_PFN_MIGRATE == HMMU_PFN_MIGRATE &&
		       MIGRATE_PFN_WRITE == HMMU_PFN_WRITE && MIGRATE_PFN_SHIFT == HMMU_PFN_SHIFT,
	       "the machine and the kernel have one kind of words");
_Static_assert((int)MIGRATE_VMA_SELECT_SYSTEM == (int)HMMU_SELECT_SYSTEM &&
		       (int)MIGRATE_VMA_SELECT_DEVICE_PRIVATE == (int)HMMU_SELECT_DEVICE_PRIVATE &&
		       (int)MIGRATE_VMA_SELECT_DEVICE_COHERENT == (int)HMMU_SELECT_DEVICE_COHERENT,
	       "the machine and the kernel select alike");

/** Bits of a word below the page frame number, and those that mean something. */
#define LOW_BITS ((1ul << MIGRATE_PFN_SHIFT) - 1)
#define KNOWN_BITS (MIGRATE_PFN_VALID | MIGRATE_PFN_MIGRATE | MIGRATE_PFN_WRITE)

/** A migration of a driver. */
struct kapi_migration {
	struct list_head node;
	struct hmmu_migration *core;
	const struct kapi_thread *thread;
	const struct kapi_place *place;
	u32 depth;                       /**< of the thread, when it began */
	const unsigned long *driver_src; /**< by which a migration of device pages is known; NULL: by address */
	unsigned long *src; /**< those of the machine: the driver's arrays may be gone before the migration is */
	unsigned long *dst;
	u8 *why; /**< enum hmmu_why of each page */
	unsigned long pages;
	bool has_fault_page;
	bool refused; /**< the machine did not move the pages */
};

static LIST_HEAD(migrations);

static struct kapi_migration *new_migration(unsigned long pages, const struct kapi_place *place)
{
	struct kapi_migration *migration = host_alloc(sizeof(*migration));
	unsigned long *words = host_alloc(2 * (pages + 1) * sizeof(*words));
	u8 *why = host_alloc(pages + 1);

	if (!migration || !words || !why) {
		report(KAPI_CHECK_LIMIT, place, "the host has no memory for a migration");
		host_abort();
	}
	migration->thread = thread_current();
	migration->place = place;
	migration->depth = thread_current()->depth;
	migration->src = words;
	migration->dst = words + pages;
	migration->why = why;
	migration->pages = pages;
	list_add(&migration->node, &migrations);
	return migration;
}

static void free_migration(struct kapi_migration *migration)
{
	list_del(&migration->node);
	host_free(migration->src);
	host_free(migration->why);
	host_free(migration);
}

/* The driver's pages are the migration's from now on. */
static void take_over(const unsigned long *dst, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		if (dst[i] & MIGRATE_PFN_VALID && pfn_valid(dst[i] >> MIGRATE_PFN_SHIFT))
			page_note_taken_over(migrate_pfn_to_page(dst[i]));
}

/* A word without VALID is none to a kernel, whatever else it has. One that nobody has written can have anything. */
static void check_dst(unsigned long *dst, unsigned long pages, const char *call, const struct kapi_place *place)
{
	bool is_told = false;

	for (unsigned long i = 0; i < pages; i++) {
		if (!dst[i] || (dst[i] & MIGRATE_PFN_VALID && !(dst[i] & ~KNOWN_BITS & LOW_BITS)))
			continue;
		if (!is_told)
			report(KAPI_CHECK_UNINITIALISED, place, "%s(): dst[%lu] is %#lx, which is %s", call, i, dst[i],
			       is_uninitialised(dst[i]) ? "memory that was never written" : "no word");
		is_told = true;
		if (!(dst[i] & MIGRATE_PFN_VALID))
			dst[i] = 0;
	}
}

/* What the kernel tells of, the driver may use, even if it had the page before and has put it. */
static void note_given(const unsigned long *src, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++)
		if (src[i] & MIGRATE_PFN_VALID)
			page_note_collected(migrate_pfn_to_page(src[i]));
}

static void copy_words(unsigned long *to, const unsigned long *from, unsigned long pages)
{
	memcpy(to, from, pages * sizeof(*to));
}

static void move_pages(struct kapi_migration *migration, unsigned long *src, const unsigned long *dst, const char *call,
		       const struct kapi_place *place)
{
	core_enter(place);
	copy_words(migration->src, src, migration->pages);
	copy_words(migration->dst, dst, migration->pages);
	migration->refused = hmmu_migrate_vma_pages(migration->core);
	if (migration->refused)
		core_refused(place, call);
	copy_words(src, migration->src, migration->pages);
	take_over(dst, migration->pages);
}

/* A kernel that finalizes without a move maps the new page all the same. The machine gives it back. */
static void check_destinations(const struct hmmu_migration_state *state, const char *call,
			       const struct kapi_place *place)
{
	for (u64 i = 0; i < state->npages; i++) {
		if (!(state->src[i] & MIGRATE_PFN_MIGRATE && state->dst[i] & MIGRATE_PFN_VALID))
			continue;
		report(KAPI_CHECK_BAD_CALL, place, "%s() before the pages are moved: a kernel would map page %s", call,
		       page_text((u32)(state->dst[i] >> MIGRATE_PFN_SHIFT)));
		return;
	}
}

/* A program has the new page from now on, and nobody may have the old one. One report of each kind is enough. */
static void check_dma(const struct hmmu_migration_state *state, const struct kapi_place *place)
{
	bool hidden = false, in_use = false;

	for (u64 i = 0; i < state->npages; i++) {
		const struct page *old = migrate_pfn_to_page(state->src[i]), *new = migrate_pfn_to_page(state->dst[i]);

		if (new && !hidden)
			hidden = dma_check_visible((u32)page_to_pfn(new), place);
		if (old && !in_use && !page_count(old))
			in_use = dma_check_unused((u32)page_to_pfn(old), "is freed", place);
	}
}

/* If the page of a fault stays, a report says why. */
static void note_why(const struct kapi_migration *migration, u64 start)
{
	static const char *const texts[] = {
#define X(name, value, text) [value] = (text),
		HMMU_WHYS(X)
#undef X
	};
	struct kapi_thread *thread = thread_current();
	u64 index = ((thread->handled_address & PAGE_MASK) - start) / PAGE_SIZE;

	if (!thread->depth || migration->driver_src || index >= migration->pages)
		return;
	thread->left_at = migration->place;
	thread->left_why = texts[migration->why[index]];
	if (!migration->has_fault_page)
		thread->left_why = "fault_page is not set, so the fault's own reference counts as somebody else's.";
	if (migration->why[index] == HMMU_WHY_OTHER_OWNER)
		thread->left_why = "pgmap_owner is not the owner of the device's memory.";
	if (migration->why[index] == HMMU_WHY_NOT_SELECTED)
		thread->left_why = "flags do not select device-private pages.";
}

/* A kernel finalizes whatever has been done; what has not, is given up. An error of the pages is no second one here. */
static void finalize(struct kapi_migration *migration, const unsigned long *src, const unsigned long *dst,
		     const char *call, const struct kapi_place *place)
{
	struct hmmu_migration_state state;

	core_enter(place);
	copy_words(migration->src, src, migration->pages);
	copy_words(migration->dst, dst, migration->pages);
	hmmu_migrate_state(migration->core, &state);
	if (state.stage <= HMMU_STAGE_PAGES) {
		check_destinations(&state, call, place);
		take_over(state.dst, state.npages);
		hmmu_migrate_end(migration->core);
	} else if (hmmu_migrate_vma_finalize(migration->core) && !migration->refused) {
		core_refused(place, call);
	}
	check_dma(&state, place);
	note_why(migration, state.start);
	free_migration(migration);
}

static struct kapi_migration *migration_of_thread(void)
{
	struct kapi_migration *migration;

	list_for_each_entry (migration, &migrations, node)
		if (migration->thread == thread_current() && migration->depth == thread_current()->depth)
			return migration;
	return NULL;
}

void migrations_check_return(void)
{
	struct kapi_migration *migration;

	while ((migration = migration_of_thread())) {
		report(KAPI_CHECK_BAD_CALL, migration->place,
		       "the migration that begins here is not finalized when the call ends%s",
		       migration->depth ? " of migrate_to_ram()" : "");
		core_enter(NULL);
		hmmu_migrate_end(migration->core);
		free_migration(migration);
	}
}

void migrations_forget(void)
{
	struct kapi_migration *migration, *next;

	list_for_each_entry_safe (migration, next, &migrations, node)
		free_migration(migration);
}

/* --- by address --- */

/* On demand somebody else has the lock of a page in the range, and a reference to it. Its pfn, or 0. */
static u32 contend(u32 pid, u64 start, u64 pages, const struct kapi_place *place)
{
	u64 page = fault_happens_among(KAPI_FAULT_PAGE_LOCK, pages, place);
	u32 pfn;

	if (page == pages || hmmu_hold(machine, pid, start + page * PAGE_SIZE, &pfn))
		return 0;
	return pfn;
}

static int set_up(struct kapi_migration *migration, u32 pid, const struct hmmu_migrate_request *request,
		  const struct kapi_place *place)
{
	u32 contended = contend(pid, request->start, migration->pages, place);
	int err = CORE_CALL(request->tid, place, hmmu_migrate_vma_setup(machine, request, &migration->core));

	if (contended)
		hmmu_release(machine, contended);
	return err;
}

int kapi_migrate_vma_setup(struct migrate_vma *args, const struct kapi_place *place)
{
	u64 start = args->start & PAGE_MASK, end = args->end & PAGE_MASK;
	struct hmmu_migrate_request request = {
		.start = start,
		.end = end,
		.flags = (u32)args->flags,
		.fault_page = args->fault_page ? (u32)page_to_pfn(args->fault_page) : 0,
		.owner = owner_number(args->pgmap_owner),
	};
	struct hmmu_migration_state state;
	struct kapi_migration *migration;
	int err;

	kapi_might_sleep(place);
	may_invalidate(place);
	args->kapi_migration = NULL;
	if (!args->vma || !args->src || !args->dst || start < args->vma->vm_start || end > args->vma->vm_end ||
	    start >= end)
		return -EINVAL;
	mm_need_lock(args->vma->vm_mm, "migrate_vma_setup", place);
	request.tid = mm_task(args->vma->vm_mm, place);
	if (!request.tid)
		return -EINVAL;
	migration = new_migration((end - start) / PAGE_SIZE, place);
	request.src = migration->src;
	request.dst = migration->dst;
	request.why = migration->why;
	migration->has_fault_page = args->fault_page;
	err = set_up(migration, args->vma->vm_mm->pid, &request, place);
	if (err) {
		free_migration(migration);
		return err;
	}
	copy_words(args->src, migration->src, migration->pages);
	copy_words(args->dst, migration->dst, migration->pages);
	note_given(args->src, migration->pages);
	hmmu_migrate_state(migration->core, &state);
	args->start = start;
	args->end = end;
	args->npages = state.npages;
	args->cpages = state.cpages;
	args->kapi_migration = migration;
	return 0;
}

static bool is_set_up(const struct migrate_vma *args, const char *call, const struct kapi_place *place)
{
	if (args->kapi_migration)
		return true;
	report(KAPI_CHECK_BAD_CALL, place, "%s() without migrate_vma_setup()", call);
	return false;
}

void kapi_migrate_vma_pages(struct migrate_vma *args, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!is_set_up(args, "migrate_vma_pages", place))
		return;
	check_dst(args->dst, args->npages, "migrate_vma_pages", place);
	move_pages(args->kapi_migration, args->src, args->dst, "migrate_vma_pages", place);
}

void kapi_migrate_vma_finalize(struct migrate_vma *args, const struct kapi_place *place)
{
	kapi_might_sleep(place);
	if (!is_set_up(args, "migrate_vma_finalize", place))
		return;
	finalize(args->kapi_migration, args->src, args->dst, "migrate_vma_finalize", place);
	args->kapi_migration = NULL;
}

/* --- by page --- */

int kapi_migrate_device_range(unsigned long *src, unsigned long first, unsigned long pages,
			      const struct kapi_place *place)
{
	struct kapi_migration *migration = new_migration(pages, place);
	const struct hmmu_device_range range = {
		.first = (u32)first, .pages = (u32)pages, .src = migration->src, .dst = migration->dst
	};
	int err;

	kapi_might_sleep(place);
	may_invalidate(place);
	core_enter(place);
	migration->driver_src = src;
	err = hmmu_migrate_device_range(machine, &range, &migration->core);
	if (err) {
		core_refused(place, "migrate_device_range");
		free_migration(migration);
		return err;
	}
	copy_words(src, migration->src, pages);
	note_given(src, pages);
	return 0;
}

/* Whether its words are among these. A driver may take several ranges, and go on with them together. */
static bool is_within(const struct kapi_migration *migration, const unsigned long *src, unsigned long pages)
{
	return migration->driver_src >= src && migration->driver_src + migration->pages <= src + pages;
}

static struct kapi_migration *migration_within(const unsigned long *src, unsigned long pages)
{
	struct kapi_migration *migration;

	list_for_each_entry (migration, &migrations, node)
		if (is_within(migration, src, pages))
			return migration;
	return NULL;
}

/* There is no range, or these are parts of one. */
static void report_no_range(const unsigned long *src, unsigned long pages, const char *call,
			    const struct kapi_place *place)
{
	const struct kapi_migration *migration;

	list_for_each_entry (migration, &migrations, node)
		if (migration->driver_src && src < migration->driver_src + migration->pages &&
		    migration->driver_src < src + pages) {
			report(KAPI_CHECK_LIMIT, place, "%s() of a part of a range: not emulated", call);
			return;
		}
	report(KAPI_CHECK_BAD_CALL, place, "%s() without migrate_device_range()", call);
}

void kapi_migrate_device_pages(unsigned long *src, unsigned long *dst, unsigned long pages,
			       const struct kapi_place *place)
{
	struct kapi_migration *migration;

	kapi_might_sleep(place);
	if (!migration_within(src, pages))
		report_no_range(src, pages, "migrate_device_pages", place);
	check_dst(dst, pages, "migrate_device_pages", place);
	list_for_each_entry (migration, &migrations, node)
		if (is_within(migration, src, pages))
			move_pages(migration, src + (migration->driver_src - src), dst + (migration->driver_src - src),
				   "migrate_device_pages", place);
}

void kapi_migrate_device_finalize(unsigned long *src, unsigned long *dst, unsigned long pages,
				  const struct kapi_place *place)
{
	struct kapi_migration *migration = migration_within(src, pages);

	kapi_might_sleep(place);
	if (!migration)
		report_no_range(src, pages, "migrate_device_finalize", place);
	for (; migration; migration = migration_within(src, pages))
		finalize(migration, src + (migration->driver_src - src), dst + (migration->driver_src - src),
			 "migrate_device_finalize", place);
}
