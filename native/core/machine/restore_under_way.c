/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restoring: device faults that wait for their handlers, and migrations. A migration entry has no reference to its page. So each must
 * be one that a migration replaces before it gives the page back.
 */
#include <errno.h>

#include "fault/device_fault.h"
#include "machine/restore.h"
#include "machine/under_way.h"
#include "mm/mm.h"

static bool refuse_migration(struct check *c, const struct hmmu_migration *mig, const char *what)
{
	return refuse_snapshot(c, "the migration of %#llx to %#llx %s", (unsigned long long)mig->start,
			       (unsigned long long)mig->end, what);
}

static bool refuse_migration_of(struct check *c, const struct hmmu_migration *mig, u64 i, const char *what)
{
	return refuse_snapshot(c, "the migration of %#llx to %#llx, entry %llu: %s", (unsigned long long)mig->start,
			       (unsigned long long)mig->end, (unsigned long long)i, what);
}

/* A stage that is a loop has passed an entry; in its second loop it has passed all. */
static bool is_passed(const struct hmmu_migration *mig, u32 stage, u64 i)
{
	return mig->stage > stage || (mig->stage == stage && (mig->restoring || i < mig->pos));
}

/* The entry is not finalized. */
static bool is_open(const struct hmmu_migration *mig, u64 i)
{
	return mig->stage != HMMU_STAGE_DONE && !is_passed(mig, HMMU_STAGE_FINALIZE, i);
}

static bool has_accepted(const struct hmmu_migration *mig, u64 i)
{
	return mig->stage > HMMU_STAGE_ALLOC_AND_COPY && is_open(mig, i);
}

/* A page of RAM, or of a device, that somebody has. */
static bool is_page_in_use(const struct hmmu *m, u64 pfn)
{
	if (pfn >= m->pfn_end)
		return false;
	if (is_zone_device_page(m, (u32)pfn))
		return page_of(m, pfn)->count > FREE_DEVICE_REFS;
	return is_used_ram(m, (u32)pfn) && !PageCompound(m, (u32)pfn);
}

/* Nobody else has locked it. */
static bool take_lock(struct check *c, const struct hmmu_migration *mig, u64 i, u32 pfn)
{
	struct page_taken *source = &c->sources[used_index(c->m, pfn)];
	u32 flags = page_of(c->m, pfn)->flags;

	if (source->mig || !(flags & HMMU_PG_LOCKED) || flags & (PAGE_USER_HELD | PAGE_USER_DRIVER_LOCK))
		return false;
	*source = (struct page_taken){ mig, i };
	return true;
}

/* It will be put on an LRU list, so it is on none, and does not wait for that. */
static bool is_isolated(struct check *c, u32 pfn)
{
	return is_zone_device_page(c->m, pfn) ||
	       (!page_test(c->m, pfn, HMMU_PG_LRU | PAGE_USER_ISOLATED) && set_bit_once(c->met, pfn));
}

/* prepare isolates pages in 4.14, unmap in 6.12; both put back what they leave out. */
static bool isolates(const struct hmmu_migration *mig, u64 i)
{
	const u32 stage = KERNEL >= V6_12 ? HMMU_STAGE_UNMAP : HMMU_STAGE_PREPARE;

	return is_passed(mig, stage, i) && (mig->stage != stage || mig->src[i] & HMMU_PFN_MIGRATE);
}

static bool check_source(struct check *c, const struct hmmu_migration *mig, u64 i)
{
	const u64 flags = HMMU_PFN_VALID | HMMU_PFN_MIGRATE | HMMU_PFN_WRITE |
			  (KERNEL < V6_12 ? HMMU_PFN_LOCKED | HMMU_PFN_DEVICE : 0);
	u64 word = mig->src[i], pfn = word >> HMMU_PFN_SHIFT;
	bool locked = KERNEL >= V6_12 || word & HMMU_PFN_LOCKED;

	if (!(word & HMMU_PFN_VALID))
		return !(word & ~(u64)HMMU_PFN_MIGRATE) || refuse_migration_of(c, mig, i, "its source is no word");
	if (pfn >= c->m->pfn_end || word & ((1u << HMMU_PFN_SHIFT) - 1) & ~flags)
		return refuse_migration_of(c, mig, i, "its source is no word");
	if (!is_open(mig, i))
		return true;
	if (!is_page_in_use(c->m, pfn) || pfn >= c->m->other_device_base || (mig->first && pfn != mig->first + i) ||
	    (KERNEL < V6_12 && !(word & HMMU_PFN_DEVICE) != !is_zone_device_page(c->m, (u32)pfn)))
		return refuse_migration_of(c, mig, i, "its source is no page that can migrate");
	if (locked ? !take_lock(c, mig, i, (u32)pfn) : is_passed(mig, HMMU_STAGE_PREPARE, i))
		return refuse_migration_of(c, mig, i, "its source is not locked, or by somebody else");
	return !isolates(mig, i) || is_isolated(c, (u32)pfn) ||
	       refuse_migration_of(c, mig, i, "its source is not isolated");
}

/* The page that the reverse map of an entry's migration entries begins at: a page that has moved gives its place to the new one. */
static bool is_moved(const struct hmmu_migration *mig, u64 i)
{
	const u64 moves = HMMU_PFN_VALID | HMMU_PFN_MIGRATE;

	return (mig->src[i] & moves) == moves && has_accepted(mig, i) && mig->dst[i] & HMMU_PFN_VALID &&
	       is_passed(mig, HMMU_STAGE_PAGES, i);
}

static bool has_place_of(const struct page *n, const struct page *p)
{
	bool left_file = !p->mapping && n->mapping && !(n->mapping & MAPPING_ANON);

	return n->index == p->index && (n->mapping == p->mapping || left_file);
}

/* What becomes of a destination: it is put on an LRU list with the place of its source, or into a hole; or it is freed. */
static bool is_ready_for_use(struct check *c, const struct hmmu_migration *mig, u64 i, u32 newpage)
{
	const struct hmmu *m = c->m;
	const struct page *n = page_of(m, newpage);
	u64 src = mig->src[i];

	if (is_moved(mig, i))
		return has_place_of(n, page_of(m, src >> HMMU_PFN_SHIFT)) && is_isolated(c, newpage);
	if (is_passed(mig, HMMU_STAGE_PAGES, i))
		return true;
	return !n->mapping && !n->mapcount && !(n->flags & HMMU_PG_SWAPCACHE) && is_isolated(c, newpage);
}

static bool check_destination(struct check *c, const struct hmmu_migration *mig, u64 i)
{
	const u64 defined = (1u << HMMU_PFN_SHIFT) - 1, kinds = HMMU_PFN_LOCKED | HMMU_PFN_DEVICE | HMMU_PFN_ERROR;
	const u32 users = PAGE_USER_DESTINATION | PAGE_USER_DRIVER | PAGE_USER_ISOLATED;
	u64 word = mig->dst[i], pfn = word >> HMMU_PFN_SHIFT;
	u64 kind = HMMU_PFN_LOCKED | (pfn >= c->m->device_base ? HMMU_PFN_DEVICE : 0);

	if (!has_accepted(mig, i))
		return true;
	if (!(word & HMMU_PFN_VALID))
		return !(word & ~defined) || refuse_migration_of(c, mig, i, "its destination is no word");
	if (!is_page_in_use(c->m, pfn) || (KERNEL < V6_12 && (word & kinds) != kind) ||
	    (page_of(c->m, pfn)->flags & users) != PAGE_USER_DESTINATION || !take_lock(c, mig, i, (u32)pfn))
		return refuse_migration_of(c, mig, i, "its destination is no page that was given to it");
	c->destinations--;
	return is_ready_for_use(c, mig, i, (u32)pfn) || refuse_migration_of(c, mig, i, "its destination is in use");
}

/** What the words of a migration add up to. */
struct word_sums {
	u64 migrating, to_restore;
};

static bool check_words(struct check *c, const struct hmmu_migration *mig, struct word_sums *sum)
{
	for (u64 i = 0; i < mig->npages; i++) {
		bool migrates = mig->src[i] & HMMU_PFN_MIGRATE;

		if (!check_source(c, mig, i) || !check_destination(c, mig, i))
			return false;
		sum->migrating += migrates;
		sum->to_restore += !migrates && mig->src[i] & HMMU_PFN_VALID;
	}
	for (u64 i = 0; mig->why && i < known_entries(mig); i++)
		if (mig->why[i] >= HMMU_WHY_COUNT)
			return refuse_migration_of(c, mig, i, "there is no such reason");
	return true;
}

/* Whether its counts are those of its words. Finalize counts down. */
static bool counts_are_right(const struct hmmu_migration *mig, const struct word_sums *sum)
{
	bool early = mig->stage <= HMMU_STAGE_UNMAP, restores = mig->stage > HMMU_STAGE_COLLECT && early;

	return (early ? mig->cpages == sum->migrating : mig->cpages <= mig->npages) &&
	       mig->to_restore == (restores ? sum->to_restore : 0);
}

/* Where its stage stands. Only collect may have entries before it, and it ends at the last one, unless a flush is left. */
static bool position_is_right(const struct hmmu_migration *mig)
{
	u64 pages = (mig->end - mig->start) >> PAGE_SHIFT, at = mig->start + (mig->npages << PAGE_SHIFT);

	switch (mig->stage) {
	case HMMU_STAGE_COLLECT:
		return mig->pos == mig->npages && (mig->npages < pages || mig->flush_end) &&
		       (!mig->npages || (!mig->first && (at == mig->end || !(at & ~PMD_MASK))));
	case HMMU_STAGE_PREPARE:
		return KERNEL < V6_12 && mig->npages == pages && mig->pos < pages;
	case HMMU_STAGE_UNMAP:
	case HMMU_STAGE_PAGES:
	case HMMU_STAGE_FINALIZE:
		return mig->npages == pages && mig->pos < pages;
	case HMMU_STAGE_ALLOC_AND_COPY:
	case HMMU_STAGE_FINALIZE_AND_MAP:
	case HMMU_STAGE_DONE:
		return mig->npages == pages && !mig->pos;
	default:
		return false;
	}
}

static bool is_within(const struct hmmu_migration *mig, u64 start, u64 end)
{
	return start >= mig->start && start < end && end <= mig->end && !((start | end) & ~PAGE_MASK);
}

static bool ranges_are_right(const struct hmmu_migration *mig)
{
	bool flushes = mig->flush_end && mig->stage == HMMU_STAGE_COLLECT;

	if (mig->flush_end && !flushes)
		return false;
	/* The start of the last flush stays. */
	if (flushes ? !mig->npages || !is_within(mig, mig->flush_start, mig->flush_end)
		    : mig->flush_start && !is_within(mig, mig->flush_start, mig->end))
		return false;
	return mig->notified ? mig->stage >= HMMU_STAGE_PAGES && is_within(mig, mig->mmu_start, mig->end)
			     : !mig->mmu_start;
}

static bool flags_are_right(const struct hmmu_migration *mig)
{
	bool called = mig->stage > HMMU_STAGE_ALLOC_AND_COPY;

	if (mig->restoring && mig->stage != HMMU_STAGE_PREPARE && mig->stage != HMMU_STAGE_UNMAP)
		return false;
	if (!called && (mig->callbacks_ran | mig->dst_is_ready | mig->dst_is_accepted | mig->aborted | mig->unwritten))
		return false;
	return KERNEL >= V6_12 || mig->request.ops;
}

/* Only drivers fail. */
static bool error_is_right(const struct hmmu_migration *mig)
{
#define X(...) +1
	const u32 rules = 0 HMMU_RULES(X);
#undef X
	const struct hmmu_error *error = &mig->error;

	if (!error->err)
		return true;
	return ((error->err == -EINVAL && error->code == HMMU_ERR_DRIVER_RULE && error->rule < rules) ||
		(error->err == -ECANCELED && error->code == HMMU_ERR_DRIVER_THREW && !error->rule)) &&
	       !error->wait && !error->text[sizeof(error->text) - 1];
}

/* The fault on a device page may have locked it for one migration. */
static bool fault_page_is_right(struct check *c, const struct hmmu_migration *mig)
{
	const struct hmmu *m = c->m;
	const struct device_fault *fault = m->faults;

	if (mig->fault_page && !is_device_private_page(m, mig->fault_page))
		return false;
	if (!mig->fault_lock)
		return true;
	while (fault && (!fault->locked || fault->pfn != mig->fault_lock))
		fault = fault->outer;
	for (const struct hmmu_migration *other = mig->next; other; other = other->next)
		if (other->fault_lock == mig->fault_lock)
			return false;
	return fault && mig->fault_page == mig->fault_lock;
}

/* What it works on: a range of one mapping, which its task keeps in place by mmap_lock; or a range of device pages. */
static bool check_place(struct check *c, const struct hmmu_migration *mig)
{
	const struct hmmu *m = c->m;
	u32 task = mig->ctx.task, last = (u32)(mig->end >> PAGE_SHIFT) - 1;
	const struct vma *v = vma_of(m, mig->vma);

	if (mig->first)
		return KERNEL >= V6_12 && !task && !mig->vma && !mig->ctx.cpu && !mig->ctx.nested &&
		       !(mig->request.flags | mig->fault_page) && !mig->request.owner &&
		       mig->start >> PAGE_SHIFT == mig->first && mig->end >> PAGE_SHIFT < UINT32_MAX &&
		       is_device_page(m, mig->first) && is_device_page(m, last);
	return is_record(c, SLAB_TASK, task) && is_record(c, SLAB_MM, mig->ctx.mm) &&
	       mig->ctx.space->state == MM_ALIVE && is_record(c, SLAB_VMA, mig->vma) && v->mm == mig->ctx.mm &&
	       !(v->flags & (VM_HUGETLB | VM_SPECIAL)) && mig->start >= v->start && mig->end <= v->end &&
	       mig->ctx.cpu < m->st->cpus;
}

static bool check_migration(struct check *c, const struct hmmu_migration *mig)
{
	const u32 select = HMMU_SELECT_SYSTEM | HMMU_SELECT_DEVICE_PRIVATE | HMMU_SELECT_DEVICE_COHERENT;
	struct word_sums sum = { 0 };

	if (!check_place(c, mig))
		return refuse_migration(c, mig, "is of no mapping and of no device pages");
	if (mig->request.flags & ~(KERNEL >= V6_12 ? select : 0) || !fault_page_is_right(c, mig))
		return refuse_migration(c, mig, "selects pages that it can't");
	if (!position_is_right(mig) || !ranges_are_right(mig) || !flags_are_right(mig) || !error_is_right(mig))
		return refuse_migration(c, mig, "stands where none can stand");
	if (!check_words(c, mig, &sum))
		return false;
	if (!counts_are_right(mig, &sum))
		return refuse_migration(c, mig, "has other entries than it counts");
	if (mig->ctx.task)
		c->migrations_of[mig->ctx.task]++;
	return true;
}

/* A page that a fault has locked for its handler is locked by nobody else but the handler's migration. */
static bool check_fault(struct check *c, u32 task)
{
	const struct hmmu *m = c->m;
	const struct device_fault *fault = &m->waiting_faults[task];
	const struct hmmu_migration *mig;

	if (fault->address >= HMMU_TASK_SIZE || fault->address & ~PAGE_MASK || fault->err > 0 || fault->err <= -4096 ||
	    (!fault->ended && fault->err) || !is_device_private_page(m, fault->pfn) ||
	    (!fault->no_ref && !is_page_in_use(m, fault->pfn)))
		return refuse_snapshot(c, "task %u: its device fault at %#llx is none", task,
				       (unsigned long long)fault->address);
	if (fault->no_ref || !fault->locked)
		return true;
	mig = c->sources ? c->sources[used_index(m, fault->pfn)].mig : NULL;
	for (const struct device_fault *other = fault->outer; other; other = other->outer)
		if (other->pfn == fault->pfn)
			return refuse_snapshot(c, "page %u is locked by two faults", fault->pfn);
	if ((page_of(m, fault->pfn)->flags & (HMMU_PG_LOCKED | PAGE_USER_HELD | PAGE_USER_DRIVER_LOCK)) ==
		    HMMU_PG_LOCKED &&
	    (!mig || mig->fault_lock == fault->pfn))
		return true;
	return refuse_snapshot(c, "page %u is not locked by the fault of task %u", fault->pfn, task);
}

/* A task has a fault record if it waits for the handler. */
static bool check_faults(struct check *c)
{
	const struct hmmu *m = c->m;

	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++) {
		bool waits = m->waiting_faults && m->waiting_faults[task].waits;
		bool says_so = is_record(c, SLAB_TASK, task) && task_of(m, task)->wait == HMMU_WAIT_DEVICE_FAULT;

		if (waits != says_so)
			return refuse_snapshot(c, "task %u waits for the handler of a device fault that is none", task);
		if (waits && !check_fault(c, task))
			return false;
	}
	return true;
}

/* Ranges whose invalidation has begun and not ended. */
static bool is_invalidating(const struct hmmu_migration *mig)
{
	return (mig->stage == HMMU_STAGE_COLLECT && mig->npages) || (mig->stage == HMMU_STAGE_PAGES && mig->notified);
}

/* What a process counts of its migrations. */
static bool check_counters(struct check *c, u32 *migrations, u32 *ranges)
{
	const struct hmmu *m = c->m;

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next) {
		migrations[mig->ctx.mm] += !mig->first;
		ranges[mig->ctx.mm] += KERNEL >= V6_12 && !mig->first && is_invalidating(mig);
	}
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++) {
		const struct mm *space = mm_of(m, mm);

		if (is_record(c, SLAB_MM, mm) &&
		    (space->migrations != migrations[mm] || space->active_invalidate_ranges != ranges[mm]))
			return refuse_snapshot(
				c, "process %u counts %u migrations and %u invalidations; they are %u and %u", mm,
				space->migrations, space->active_invalidate_ranges, migrations[mm], ranges[mm]);
	}
	return true;
}

static bool check_processes(struct check *c)
{
	u32 high = c->m->st->slabs[SLAB_MM].high, *counts = check_alloc(c, 2 * high * sizeof(*counts));
	bool good = counts && check_counters(c, counts, counts + high);

	platform_free(counts);
	return good;
}

static bool alloc_sources(struct check *c)
{
	const struct slab *slabs = c->m->st->slabs;

	if (!c->m->migrations)
		return true;
	c->sources = check_alloc(c, used_pages(c->m) * sizeof(*c->sources));
	c->chain_of = check_alloc(c, slabs[SLAB_ANON_VMA].high * sizeof(*c->chain_of));
	return c->sources && c->chain_of;
}

bool check_under_way(struct check *c)
{
	c->migrations_of = check_alloc(c, c->m->st->slabs[SLAB_TASK].high * sizeof(*c->migrations_of));
	if (!c->migrations_of || !alloc_sources(c))
		return false;
	for (const struct hmmu_migration *mig = c->m->migrations; mig; mig = mig->next)
		if (!check_migration(c, mig))
			return false;
	if (c->destinations)
		return refuse_snapshot(c, "%u pages are destinations of migrations that have others", c->destinations);
	return check_faults(c) && check_processes(c);
}

/* Whether a walk over the reverse map of a page comes by a mapping's entry. */
static bool reverse_map_meets(struct check *c, u32 pfn, u32 vma, u64 address)
{
	const struct hmmu *m = c->m;
	u32 mapping = page_of(m, pfn)->mapping, anon_vma = page_anon_vma(m, pfn);

	if (c->chained != vma)
		for (u32 avc = vma_of(m, vma)->avc_head; avc; avc = avc_of(m, avc)->same_vma_next)
			c->chain_of[avc_of(m, avc)->anon_vma] = vma;
	c->chained = vma;
	if (page_to_pgoff(m, pfn) != linear_page_index(m, vma, address))
		return false;
	return anon_vma ? is_record(c, SLAB_ANON_VMA, anon_vma) && c->chain_of[anon_vma] == vma
			: mapping && mapping == vma_of(m, vma)->file;
}

/* Up to unmap, 4.14 puts back only the entry that collect has replaced. */
static bool is_own_entry(const struct hmmu_migration *mig, u64 i, u32 vma, u64 address)
{
	return KERNEL >= V6_12 || mig->stage >= HMMU_STAGE_UNMAP ||
	       (vma == mig->vma && address == mig->start + (i << PAGE_SHIFT));
}

bool will_be_replaced(struct check *c, u32 vma, u64 address, u64 pfn)
{
	const struct page_taken *source;

	if (!c->sources || !is_page_in_use(c->m, pfn))
		return false;
	source = &c->sources[used_index(c->m, (u32)pfn)];
	if (!source->mig || source->mig->src[source->i] >> HMMU_PFN_SHIFT != pfn)
		return false;
	if (is_moved(source->mig, source->i))
		pfn = source->mig->dst[source->i] >> HMMU_PFN_SHIFT;
	return is_own_entry(source->mig, source->i, vma, address) && reverse_map_meets(c, (u32)pfn, vma, address);
}
