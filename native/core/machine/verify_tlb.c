/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): translations that CPUs keep. */
#include "machine/verify.h"
#include "migrate/migrate.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "mm/stop.h"

/* Whether a fork() waits that has write-protected entries: it flushes when it has copied all mappings. */
static bool is_being_copied(const struct hmmu *m, u32 mm)
{
	u32 writer = mm_of(m, mm)->mmap_sem.writer;

	return KERNEL >= V6_12 && writer && task_of(m, writer)->op == OP_FORK;
}

/* Whether a call that has stopped flushes when it goes on. */
static bool will_flush(const struct stop *stop, u32 mm, u64 address)
{
	for (const struct at_hand *hand = &stop->hand; hand; hand = hand->outer)
		if (hand->flush_mm == mm && address >= hand->flush_start && address < hand->flush_end)
			return true;
	return false;
}

/* Whether a migration, a fork() or a call that has stopped is about to flush the translation. */
static bool flush_pending(const struct hmmu *m, const struct tlb_entry *entry)
{
	u64 address = entry->vpn << PAGE_SHIFT;

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->ctx.mm == entry->mm && address >= mig->flush_start && address < mig->flush_end)
			return true;
	for (u32 task = 1; m->stops && task < m->stops->end; task++)
		if (stop_of(m, task) && will_flush(stop_of(m, task), entry->mm, address))
			return true;
	return is_being_copied(m, entry->mm);
}

bool tlb_entry_counts(const struct hmmu *m, const struct tlb_entry *entry)
{
	return entry->gen && hmmu_process_alive(m, entry->mm) && entry->gen == mm_of(m, entry->mm)->tlb_gen;
}

void verify_tlb(struct verify *v)
{
	struct hmmu *m = v->m;

	for (u32 slot = 0; slot < m->st->cpus * TLB_ENTRIES; slot++) {
		const struct tlb_entry *entry = &m->tlb[slot];

		if (!tlb_entry_counts(m, entry))
			continue;
		if (tlb_entry_stale(m, entry) && !flush_pending(m, entry))
			complain(v, "TLB of CPU %u: the translation of %#llx in process %u is stale",
				 slot / TLB_ENTRIES, (unsigned long long)(entry->vpn << PAGE_SHIFT), entry->mm);
	}
}
