/* SPDX-License-Identifier: GPL-2.0-only */
/* migrate_vma_insert_page(): put a new page into an empty entry. */
#include <errno.h>

#include "fault/fault.h"
#include "host/inject.h"
#include "host/probe.h"
#include "migrate/migrate.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "mm/userfaultfd.h"
#include "page/memcg.h"
#include "rmap/rmap.h"
#include "mm/stop.h"

/* Make a device-private entry, or a pte as an anonymous fault makes it. What is made dirty becomes soft-dirty, but such an entry has no
 * dirty bit: the page comes back writable and clean, and the next store to it goes unnoticed. */
static u64 new_entry(const struct hmmu *m, u32 vma, u32 newpage)
{
	const struct vma *v = vma_of(m, vma);
	u64 entry;

	if (is_device_private_page(m, newpage)) {
		entry = make_device_private_entry(newpage, v->flags & VM_WRITE);
		return quirk(m, HMMU_QUIRK_INSERT_DEVICE_NOT_SOFT_DIRTY) ? entry : pte_swp_mksoft_dirty(entry);
	}
	entry = mk_pte(newpage, v->page_prot);
	return v->flags & VM_WRITE ? pte_mkwrite(pte_mkdirty(entry)) : entry;
}

/* Another thread won the race for the table. */
static inline bool pmd_unstable(struct hmmu *m, u64 pmd)
{
	return pmd_trans_unstable(pmd) || should_fail(m, HMMU_INJECT_PMD_UNSTABLE);
}

/* Allocate page tables, anon_vma and charge, in the kernel's order of checks. */
static enum hmmu_why prepare_place(struct hmmu_migration *mig, u64 address, u64 **pmd)
{
	struct hmmu *m = mig->ctx.m;

	if (!vma_is_anonymous(m, mig->vma))
		return HMMU_WHY_INSERT_NOT_ANONYMOUS;
	*pmd = pmd_alloc(m, mig->ctx.mm, address);
	if (!*pmd)
		return HMMU_WHY_INSERT_NO_TABLE;
	if (pmd_trans_huge(**pmd))
		return HMMU_WHY_INSERT_HUGE_PMD;
	if (!pte_alloc(m, mig->ctx.mm, *pmd))
		return HMMU_WHY_INSERT_NO_TABLE;
	if (KERNEL < V6_12 && pmd_unstable(m, **pmd))
		return HMMU_WHY_INSERT_UNSTABLE_PMD;
	if (anon_vma_prepare(&mig->ctx, mig->vma))
		return HMMU_WHY_INSERT_ANON_VMA;
	if (!mem_cgroup_try_charge(&mig->ctx, 1))
		return HMMU_WHY_INSERT_MEMCG;
	return HMMU_WHY_NONE;
}

/*
 * Whether a ZONE_DEVICE page that is of no device is refused. The v25 series inserts it as any page. 4.14 leaves
 * the entry undefined; here that is reported as a broken rule, and not done. "mm/migrate.c: fix potential indeterminate
 * pte entry in migrate_vma_insert_page()" refuses the page.
 */
static bool unknown_device(struct hmmu_migration *mig, u64 i, u32 newpage)
{
	struct hmmu *m = mig->ctx.m;

	if (!is_zone_device_page(m, newpage) || is_device_page(m, newpage) || quirk(m, HMMU_QUIRK_INSERT_DEVICE_AS_PTE))
		return false;
	if (quirk(m, HMMU_QUIRK_INSERT_UNKNOWN_DEVICE)) {
		migrate_rule_breach(mig, i, HMMU_RULE_DST_UNKNOWN_DEVICE,
				    "page %u is to fill a hole, and is a ZONE_DEVICE page that is not device-private",
				    newpage);
		migrate_remember_error(mig, -EINVAL);
	}
	return true;
}

/* Check, under the table's lock, for changes since collect. */
static enum hmmu_why check_entry(struct hmmu_migration *mig, u64 pte)
{
	struct hmmu *m = mig->ctx.m;

	/* "mm/migrate: add stable check in migrate_vma_insert_page()" */
	if (mm_of(m, mig->ctx.mm)->reaped && !quirk(m, HMMU_QUIRK_INSERT_IGNORES_REAPED_MM))
		return HMMU_WHY_INSERT_MM_UNSTABLE;
	if (pte_present(pte) && !is_zero_pfn(m, pte_pfn(pte)))
		return HMMU_WHY_INSERT_PTE_PRESENT;
	if (!pte_present(pte) && !pte_none(pte))
		return HMMU_WHY_INSERT_PTE_CHANGED;
	/* Userfaultfd must see the fault when a CPU touches the page; so nothing is inserted here. */
	return userfaultfd_missing(m, mig->vma) ? HMMU_WHY_INSERT_USERFAULTFD : HMMU_WHY_NONE;
}

static void set_entry(struct hmmu_migration *mig, u64 address, u64 *pte, u32 newpage, u64 entry)
{
	struct hmmu *m = mig->ctx.m;

	add_mm_counter(m, mig->ctx.mm, MM_ANONPAGES, 1);
	page_add_new_anon_rmap(m, newpage, mig->vma, address, false);
	mem_cgroup_commit_charge(m, newpage);
	if (!is_zone_device_page(m, newpage))
		lru_cache_add_active_or_unevictable(m, mig->ctx.cpu, newpage, mig->vma, false);
	get_page(m, newpage);
	/* TLBs may have a translation of the zero page, but none of an empty entry. */
	if (pte_present(*pte))
		ptep_clear_flush_notify(m, mig->ctx.mm, address, pte);
	*pte = entry;
}

/* Take the place under the table's lock, unless it has changed. */
static enum hmmu_why take_place(struct hmmu_migration *mig, u64 address, const u64 *pmd, u32 newpage)
{
	struct hmmu *m = mig->ctx.m;
	u64 entry, *pte;
	enum hmmu_why why;

	/* The page must be valid before its entry is visible. */
	page_set(m, newpage, HMMU_PG_UPTODATE);
	if (KERNEL >= V6_12 && pmd_unstable(m, *pmd))
		return HMMU_WHY_INSERT_UNSTABLE_PMD;
	entry = new_entry(m, mig->vma, newpage);
	switch_point(&mig->ctx, HMMU_SWITCH_INSERT_PAGE, address);
	pte = pte_offset_map_lock(m, *pmd, address);
	why = check_entry(mig, *pte);
	if (!why)
		set_entry(mig, address, pte, newpage, entry);
	table_unlock(m, pte);
	return why;
}

void migrate_vma_insert_page(struct hmmu_migration *mig, u64 i, u64 address, u32 newpage)
{
	struct hmmu *m = mig->ctx.m;
	u64 *pmd;
	enum hmmu_why why = prepare_place(mig, address, &pmd);
	bool charged = !why;

	/* In 6.12 the page keeps its charge until it is freed, inserted or not. */
	if (KERNEL >= V6_12 && charged)
		mem_cgroup_commit_charge(m, newpage);
	if (!why && unknown_device(mig, i, newpage))
		why = HMMU_WHY_UNKNOWN_DEVICE;
	if (!why)
		why = take_place(mig, address, pmd, newpage);
	if (KERNEL < V6_12 && charged && why)
		mem_cgroup_cancel_charge(m, 1);
	if (why) {
		mig->src[i] &= ~(u64)HMMU_PFN_MIGRATE;
		set_why(mig, i, why);
		return;
	}
	mig->src[i] = HMMU_PFN_MIGRATE;
	probe(insert, mig->ctx.mm, mig->start, i, newpage);
	m->st->counters[HMMU_COUNT_MIGRATED]++;
	m->st->counters[HMMU_COUNT_INSERTED]++;
}
