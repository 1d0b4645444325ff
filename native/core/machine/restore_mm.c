/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: address spaces with their mappings and interval notifiers. */
#include "host/platform.h"
#include "machine/check_intervals.h"
#include "machine/restore.h"
#include "mm/mm.h"
#include "mm/vma.h"

static const u32 all_vm_flags = VM_READ | VM_WRITE | VM_SHARED | VM_UFFD_MISSING | VM_LOCKED | VM_DONTCOPY |
				VM_ACCOUNT | VM_HUGETLB | VM_SOFTDIRTY | VM_HUGEPAGE | VM_NOHUGEPAGE | VM_IO |
				VM_PFNMAP | VM_MIXEDMAP | VM_DONTEXPAND | (KERNEL >= V6_12 ? VM_UFFD_WP : 0);

/** The flags that a kind of mapping has from the start, and keeps. */
static u32 flags_of_kind(u32 kind)
{
	switch (kind) {
	case HMMU_MAP_SHMEM:
	case HMMU_MAP_SHAREDFILE:
		return VM_SHARED;
	case HMMU_MAP_HUGETLB:
		return VM_HUGETLB | VM_DONTEXPAND;
	case HMMU_MAP_SPECIAL:
		return VM_SHARED | VM_PFNMAP | VM_IO | VM_DONTEXPAND;
	case HMMU_MAP_MIXED:
		return VM_MIXEDMAP;
	default:
		return 0;
	}
}

static bool kind_has_file(u32 kind)
{
	return kind != HMMU_MAP_ANON && kind != HMMU_MAP_MIXED;
}

/* The values that are copied into entries unchanged. */
static bool is_page_prot(u64 prot)
{
	return prot == PAGE_NONE || prot == PAGE_READONLY || prot == PAGE_SHARED;
}

static bool is_range(const struct vma *v)
{
	u64 unit = v->kind == HMMU_MAP_HUGETLB ? PMD_SIZE : PAGE_SIZE;

	return v->start < v->end && v->end <= HMMU_TASK_SIZE && !((v->start | v->end) & (unit - 1)) &&
	       v->pgoff < 1ull << 62;
}

static bool check_vma(struct check *c, u32 vma)
{
	const u32 kind_flags = VM_SHARED | VM_PFNMAP | VM_MIXEDMAP | VM_IO | VM_DONTEXPAND | VM_HUGETLB;
	const struct vma *v = vma_of(c->m, vma);

	if (!is_range(v))
		return refuse_snapshot(c, "mapping %u has no range: %#llx to %#llx, page %llu", vma,
				       (unsigned long long)v->start, (unsigned long long)v->end,
				       (unsigned long long)v->pgoff);
	if (KERNEL < V6_12 && v->readers)
		return refuse_snapshot(c, "the lock of mapping %u has %u readers", vma, v->readers);
	if (v->kind > HMMU_MAP_MIXED || (v->flags & kind_flags) != flags_of_kind(v->kind) || v->flags & ~all_vm_flags ||
	    !is_page_prot(v->page_prot))
		return refuse_snapshot(c, "mapping %u of kind %u has flags %#x and protection %#llx", vma, v->kind,
				       v->flags, (unsigned long long)v->page_prot);
	if (v->resv & ~(u32)(HPAGE_RESV_OWNER | HPAGE_RESV_UNMAPPED) || (v->resv && v->kind != HMMU_MAP_HUGETLB) ||
	    (v->kind == HMMU_MAP_HUGETLB && vma_pages(v) / HPAGE_PMD_NR > c->m->st->hugetlb_pages))
		return refuse_snapshot(c, "mapping %u has %llu pages and state %u of the hugetlb pool", vma,
				       (unsigned long long)vma_pages(v), v->resv);
	if (kind_has_file(v->kind) ? !is_record(c, SLAB_FILE, v->file) : v->file != 0)
		return refuse_snapshot(c, "mapping %u of kind %u has file %u", vma, v->kind, v->file);
	if (!is_record_or_none(c, SLAB_ANON_VMA, v->anon_vma) || !is_record_or_none(c, SLAB_AVC, v->avc_head) ||
	    !v->anon_vma != !v->avc_head)
		return refuse_snapshot(c, "mapping %u has anon_vma %u and chain %u", vma, v->anon_vma, v->avc_head);
	return true;
}

/* The list of an address space, in the order of addresses, and so without end in itself. */
static bool check_vma_list(struct check *c, u32 mm, u32 *total)
{
	const struct hmmu *m = c->m;
	u32 prev = 0, count = 0;

	for (u32 vma = mm_of(m, mm)->mmap; vma; prev = vma, vma = vma_of(m, vma)->next, count++) {
		const struct vma *v = vma_of(m, vma);

		if (!is_record(c, SLAB_VMA, vma) || v->mm != mm || v->prev != prev ||
		    (prev && v->start < vma_of(m, prev)->end))
			return refuse_snapshot(c, "process %u: its list of mappings is broken at mapping %u", mm, vma);
		if (!check_vma(c, vma))
			return false;
	}
	if (count != mm_of(m, mm)->map_count)
		return refuse_snapshot(c, "process %u has %u mappings, the counter says %u", mm, count,
				       mm_of(m, mm)->map_count);
	*total += count;
	return true;
}

/*
 * The search tree of mappings has one possible shape. It is built from the list on a stack, which holds the way from
 * the root to the last mapping, and compared.
 */
static bool check_vma_tree(struct check *c, u32 mm, u32 *stack)
{
	const struct hmmu *m = c->m;
	u32 depth = 0, below = 0;
	bool good = true;

	for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next) {
		for (below = 0; depth && vma_priority(stack[depth - 1]) < vma_priority(vma); below = stack[--depth])
			good &= vma_of(m, stack[depth - 1])->right == below;
		good &= vma_of(m, vma)->left == below;
		stack[depth++] = vma;
	}
	for (below = 0; depth; below = stack[--depth])
		good &= vma_of(m, stack[depth - 1])->right == below;
	return (good && mm_of(m, mm)->tree == below) ||
	       refuse_snapshot(c, "process %u: its tree of mappings is broken", mm);
}

static bool check_mm(struct check *c, u32 mm, u32 *stack, u32 *total)
{
	const struct mm *space = mm_of(c->m, mm);

	if ((KERNEL >= V6_12 ? !mm_exists(c->m, mm) : space->state != MM_ALIVE) ||
	    space->vmas_marked > (KERNEL >= V6_12) || (space->mm_lock_seq != 0) != (KERNEL >= V6_12) ||
	    (space->watched &
	     ~(WATCH_EVENTS | WATCH_CALLS | (KERNEL >= V6_12 ? WATCH_INTERVALS | WATCH_RELEASED : 0))) ||
	    space->uffd > 1 || space->reaped > 1 || space->has_pinned > (KERNEL >= V6_12))
		return refuse_snapshot(c, "process %u is in a state that is none (%u)", mm, space->state);
	if (!space->tlb_gen || space->tlb_gen > c->m->st->tlb_gen)
		return refuse_snapshot(c, "process %u has translations of generation %llu, of %llu", mm,
				       (unsigned long long)space->tlb_gen, (unsigned long long)c->m->st->tlb_gen);
	if (!is_record(c, SLAB_TASK, space->main_task) || task_of(c->m, space->main_task)->mm != mm)
		return refuse_snapshot(c, "process %u: task %u is not its first", mm, space->main_task);
	return check_vma_list(c, mm, total) && check_vma_tree(c, mm, stack);
}

bool check_mappings(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 *stack = check_alloc(c, m->st->slabs[SLAB_VMA].high * sizeof(u32)), total = 0;
	bool good = stack;

	for (u32 mm = 1; good && mm < m->st->slabs[SLAB_MM].high; mm++)
		if (is_record(c, SLAB_MM, mm))
			good = check_mm(c, mm, stack, &total);
	platform_free(stack);
	if (good && total != m->st->slabs[SLAB_VMA].used)
		return refuse_snapshot(c, "there are %u mappings, and processes have %u", m->st->slabs[SLAB_VMA].used,
				       total);
	return good;
}

bool check_intervals(struct check *c)
{
	const struct hmmu *m = c->m;
	u32 count = count_intervals_out(m), halfway = calls_halfway(m), subscriptions = 0;

	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++) {
		const char *fault = is_record(c, SLAB_MM, mm) ? intervals_fault(m, mm, halfway, &count) : NULL;

		if (fault)
			return refuse_snapshot(c, "process %u: %s", mm, fault);
		subscriptions += is_record(c, SLAB_MM, mm) && mm_of(m, mm)->notifier_subscriptions;
	}
	for (u32 interval = 1; interval < m->st->slabs[SLAB_INTERVAL].high; interval++) {
		u32 task = interval_of(m, interval)->task;

		if (task && (!is_record(c, SLAB_TASK, task) || task_of(m, task)->interval != interval))
			return refuse_snapshot(c, "interval notifier %u is of task %u, which has another one", interval,
					       task);
	}
	if (count != m->st->slabs[SLAB_INTERVAL].used || subscriptions != m->st->slabs[SLAB_SUBSCRIPTIONS].used)
		return refuse_snapshot(c, "there are %u interval notifiers, and processes have %u",
				       m->st->slabs[SLAB_INTERVAL].used, count);
	return true;
}
