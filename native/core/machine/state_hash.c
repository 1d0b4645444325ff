/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state hash: processes with their mappings and entries, TLBs, pagevecs, tasks, migrations. What they refer to is hashed where
 * it appears first (state_hash_pages.c), and all else in an order that does not matter.
 */
#include "machine/state_hash.h"
#include "mm/tlb.h"

#include <errno.h>

#include "host/migration.h"
#include "machine/mark.h"
#include "machine/under_way.h"
#include "migrate/migrate.h"
#include "mm/pgtable.h"
#include "mm/vma_lock.h"
#include "page/mlock_batch.h"
#include "mm/stop.h"

static void hash_rwsem(struct hasher *h, const struct rwsem *sem)
{
	hash_pair(h, sem->readers, sem->writer);
	for (u32 task = sem->first_waiter; task; task = task_of(h->m, task)->queue_next)
		hash_word(h, task);
	hash_word(h, 0);
}

/* The page or the swap slot in an entry is replaced by its number. */
static inline void hash_entry(struct hasher *h, u64 entry)
{
	u32 pfn = pte_present(entry) ? pte_pfn(entry) : pfn_swap_entry(entry), number;

	if (pte_present(entry)) {
		hash_word(h, (entry & ~PTE_PFN_MASK) | (u64)page_number(h, pfn) << PAGE_SHIFT);
	} else if (pfn || (!non_swap_entry(entry) && swp_offset(entry))) {
		number = pfn ? page_number(h, pfn) : slot_number(h, swp_offset(entry));
		hash_word(h, entry ^ swp_entry_to_pte(0, swp_offset(entry)) ^ swp_entry_to_pte(0, number));
	} else {
		hash_word(h, entry);
	}
}

/* The entries of [address, end), which are below one pmd. */
static void hash_entries(struct hasher *h, u64 pmd, u64 address, u64 end)
{
	const u64 *pte = pte_offset(h->m, pmd, address);

	/* Whether there is a table decides whether a huge page can come. */
	hash_word(h, address | 1);
	for (; address < end; address += PAGE_SIZE, pte++) {
		if (!*pte)
			continue;
		hash_word(h, address);
		hash_entry(h, *pte);
	}
}

static void hash_range(struct hasher *h, u32 mm, u64 address, u64 end)
{
	for (u64 next; address < end; address = next) {
		const u64 *pmd = mm_find_pmd(h->m, mm, address);

		next = pmd_addr_end(address, end);
		if (!pmd || pmd_none(*pmd))
			continue;
		if (pte_present(*pmd) && !(*pmd & _PAGE_PSE)) {
			hash_entries(h, *pmd, address, next);
		} else {
			hash_word(h, address);
			hash_entry(h, *pmd);
		}
	}
}

static void hash_vma(struct hasher *h, u32 vma)
{
	const struct vma *v = vma_of(h->m, vma);
	bool marked = KERNEL >= V6_12 && is_vma_write_locked(h->m, vma);

	hash_word(h, v->start);
	hash_word(h, v->end | v->kind);
	hash_pair(h, v->flags, (u32)v->readers << 8 | v->resv << 1 | marked);
	hash_word(h, v->pgoff);
	hash_word(h, v->page_prot);
	hash_pair(h, anon_vma_number(h, v->anon_vma), file_number(h, v->file));
	hash_range(h, v->mm, v->start, v->end);
}

static void hash_mm(struct hasher *h, u32 mm)
{
	const struct mm *space = mm_of(h->m, mm);

	if (space->state == MM_FREE)
		return;
	hash_word(h, (u64)mm << 32 | (u64)space->watched << 16 | (u64)space->handoff << 8 | space->state);
	hash_word(h,
		  (u64)space->uffd << 24 | (u64)space->reaped << 16 | (u64)space->vmas_marked << 8 | space->has_pinned);
	hash_pair(h, space->main_task, space->migrations);
	hash_pair(h, space->vma_readers, space->active_invalidate_ranges);
	hash_pair(h, space->hugetlb_usage, (u32)space->tables);
	hash_word(h, space->locked_vm);
	for (int counter = 0; counter < NR_MM_COUNTERS; counter++)
		hash_word(h, space->rss[counter]);
	hash_rwsem(h, &space->mmap_sem);
	for (u32 vma = space->mmap; vma; vma = vma_of(h->m, vma)->next)
		hash_vma(h, vma);
}

/* Whether an access would still find the translation. */
static inline bool translation_holds(const struct hmmu *m, const struct tlb_entry *entry)
{
	const struct mm *space = mm_of(m, entry->mm);

	return entry->gen && entry->gen == space->tlb_gen && space->state == MM_ALIVE;
}

static void hash_tlbs(struct hasher *h, const u64 *slots)
{
	for (u32 word = 0; word < SLOT_WORDS; word++)
		for (u64 left = slots[word]; left; left &= left - 1) {
			const struct tlb_entry *entry = &h->m->tlb[word * 64 + (u32)__builtin_ctzll(left)];

			for (u32 cpu = 0; cpu < h->m->st->cpus; cpu++, entry += TLB_ENTRIES) {
				if (!translation_holds(h->m, entry))
					continue;
				hash_word(h, (u64)cpu << 56 | (u64)frame_is_reused(h->m, entry) << 55 | entry->vpn);
				hash_word(h,
					  (u64)entry->flags << 56 | (u64)page_number(h, entry->pfn) << 24 | entry->mm);
			}
		}
}

static void hash_pagevec(struct hasher *h, u32 cpu, u32 kind, const struct pagevec *pvec)
{
	hash_word(h, (u64)cpu << 32 | (u64)kind << 16 | pvec->nr);
	for (u32 i = 0; i < pvec->nr; i++) {
		u32 pfn = kind == PVEC_MLOCK ? mlock_work_page(pvec->pages[i]) : pvec->pages[i];

		hash_pair(h, pvec->pages[i] - pfn, page_number(h, pfn));
	}
}

static void hash_pagevecs(struct hasher *h)
{
	for (u32 cpu = 0; cpu < h->m->st->cpus; cpu++) {
		const struct pagevec *pvecs = h->m->st->cpu[cpu].pvecs;

		for (u32 kind = 0; kind < NR_PAGEVECS; kind++)
			if (pvecs[kind].nr)
				hash_pagevec(h, cpu, kind, &pvecs[kind]);
	}
}

/* How many pages were uncharged before a wait is no matter; whether one was since is. */
static u64 progress_result(struct hasher *h, const struct task *task)
{
	u64 result = task->progress.result;

	if (task->op == OP_TRUNCATE)
		return file_number(h, (u32)result);
	return task->wait == HMMU_WAIT_MEMCG ? result != h->m->st->memcg_uncharges : result;
}

/* Where it goes on. A call that has stopped has that on its stack, and here is what an earlier one has left. */
static void hash_progress(struct hasher *h, const struct task *task)
{
	hash_pair(h, page_number(h, task->wait_pfn), task->resume << 2 | task->nested << 1 | task->wait_ref);
	hash_pair(h, task->interval, (u32)task->work_result);
	hash_word(h, task->progress.at);
	hash_word(h, task->progress.gup_first);
	hash_word(h, task->progress.munlock_at);
	hash_word(h, progress_result(h, task));
	for (int i = 0; i < CALL_ARGS; i++)
		hash_word(h, task->args[i]);
	hash_word(h, task->data_hash);
}

static void hash_blocked_call(struct hasher *h, const struct task *task)
{
	hash_pair(h, task->op, task->wait);
	hash_word(h, task->vma_lock ? vma_of(h->m, task->vma_lock)->start : 0);
	if (task->op != OP_STOPPED)
		hash_progress(h, task);
	for (u32 file = task->task_works; file; file = file_of(h->m, file)->next)
		hash_word(h, file_number(h, file));
}

static void hash_device_fault(struct hasher *h, const struct device_fault *fault)
{
	hash_word(h, fault->address | (u64)fault->locked | (u64)fault->ended << 1 | (u64)fault->no_ref << 2);
	hash_word(h, (u32)fault->err);
}

static u32 rmap_number(struct hasher *h, u32 rmap)
{
	return rmap & MAPPING_ANON ? anon_vma_number(h, rmap & ~MAPPING_ANON) : file_number(h, rmap);
}

static void hash_at_hand(struct hasher *h, const struct at_hand *hand)
{
	hash_pair(h, hand->nr_pages, page_number(h, hand->page));
	hash_pair(h, rmap_number(h, hand->rmap),
		  (hand->rmap & MAPPING_ANON) | (u32)hand->locked | (u32)hand->rmap_write << 1);
	hash_word(h, hand->flush_mm);
	hash_word(h, hand->flush_start);
	hash_word(h, hand->flush_end);
	hash_word(h, hand->place);
	for (u32 i = 0; i < hand->nr_pages; i++)
		hash_word(h, page_number(h, hand->pages[i]));
}

static void hash_stop(struct hasher *h, const struct stop *stop)
{
	hash_pair(h, stop->wait, stop->point);
	hash_pair(h, rmap_number(h, stop->awaited[0]), rmap_number(h, stop->awaited[1]));
	hash_word(h, stop->awaited_write);
	for (const struct at_hand *hand = &stop->hand; hand; hand = hand->outer)
		hash_at_hand(h, hand);
}

static void hash_task(struct hasher *h, u32 tid)
{
	const struct task *task = task_of(h->m, tid);

	if (!task->mm)
		return;
	hash_word(h, (u64)tid << 40 | (u64)task->mm << 16 | (u64)task->cpu << 8 | (u64)(task->op != 0) << 4 |
			     task->sem_hold << 2 | task->sem_of_migration << 1 | task->sem_of_driver);
	hash_word(h, task->migrations);
	if (task->op)
		hash_blocked_call(h, task);
	if (stop_of(h->m, tid))
		hash_stop(h, stop_of(h->m, tid));
	if (task->wait == HMMU_WAIT_DEVICE_FAULT)
		hash_device_fault(h, &h->m->waiting_faults[tid]);
}

/* A word of src or dst, with its page's number, and why an entry does not migrate. */
static ALWAYS_INLINE void hash_migrate_word(struct hasher *h, u64 word, u64 why)
{
	const u64 flags = (1ull << HMMU_PFN_SHIFT) - 1;
	u32 pfn = word & HMMU_PFN_VALID ? (u32)(word >> HMMU_PFN_SHIFT) : 0;

	if (pfn && pfn < h->m->pfn_end)
		word = (word & flags) | (u64)page_number(h, pfn) << HMMU_PFN_SHIFT;
	hash_word(h, word ^ why << 56);
}

/* An entry that is finalized has given its pages back; others may have taken them since. */
static u64 word_in_use(const struct hmmu_migration *mig, u64 i, u64 word)
{
	bool is_done = mig->stage > HMMU_STAGE_FINALIZE || (mig->stage == HMMU_STAGE_FINALIZE && i < mig->pos);

	return is_done ? word & ((1ull << HMMU_PFN_SHIFT) - 1) & ~HMMU_PFN_VALID : word;
}

/* What is known within one call (prepared, settled) is forgotten behind it. */
static u64 flags_of_migration(const struct hmmu_migration *mig)
{
	return (u64)mig->restoring | (u64)mig->allow_drain << 3 | (u64)mig->mlocks << 4 | (u64)mig->notified << 5 |
	       (u64)mig->callbacks_ran << 6 | (u64)mig->dst_is_ready << 7 | (u64)mig->dst_is_accepted << 8 |
	       (u64)mig->out_of_bounds << 9 | (u64)mig->aborted << 10 | (u64)mig->unwritten << 11 |
	       (u64)mig->ctx.nested << 12;
}

static void hash_migration(struct hasher *h, const struct hmmu_migration *mig)
{
	/* Before collect only dst is the caller's; a driver without operations writes its dst later. */
	u64 collecting = mig->stage == HMMU_STAGE_COLLECT ? known_entries(mig) : mig->npages;
	const u64 *dst = mig->request.ops ? mig->dst : mig->request.dst;

	hash_pair(h, mig->ctx.task, mig->stage);
	hash_word(h, mig->start);
	hash_word(h, mig->end);
	hash_pair(h, (u32)mig->pos, (u32)mig->npages);
	hash_pair(h, (u32)mig->cpages, (u32)mig->to_restore);
	hash_word(h, flags_of_migration(mig));
	hash_word(h, mig->mmu_start);
	hash_word(h, mig->flush_start);
	hash_word(h, mig->flush_end);
	hash_pair(h, page_number(h, mig->fault_page), page_number(h, mig->fault_lock));
	hash_pair(h, page_number(h, mig->first), (u32)mig->err);
	for (u64 i = 0; i < mig->npages; i++)
		hash_migrate_word(h, word_in_use(mig, i, mig->src[i]), mig->why ? mig->why[i] : 0);
	for (u64 i = 0; i < collecting; i++)
		hash_migrate_word(h, word_in_use(mig, i, dst[i]), 0);
}

/* Numbers that users of intervals keep are counters, so they are hashed as they are. */
static void hash_intervals(struct hasher *h)
{
	const struct state *st = h->m->st;

	for (u32 i = 1; i < st->slabs[SLAB_SUBSCRIPTIONS].high; i++)
		if (h->m->subscriptions[i].mm) {
			hash_pair(h, i, h->m->subscriptions[i].mm);
			hash_word(h, h->m->subscriptions[i].invalidate_seq);
			hash_pair(h, h->m->subscriptions[i].itree.node, h->m->subscriptions[i].deferred);
		}
	for (u32 i = 1; i < st->slabs[SLAB_INTERVAL].high; i++) {
		const struct interval *interval = interval_of(h->m, i);
		const u64 *words = (const u64 *)interval;

		for (u64 word = 0; interval->state != INTERVAL_FREE && word < sizeof(*interval) / sizeof(*words);
		     word++)
			hash_word(h, words[word]);
	}
}

/* The whole blocks that are free decide whether a huge page can be allocated. */
static u32 free_blocks(const struct hmmu *m)
{
	u32 count = m->st->blocks - m->st->next_block;

	for (u32 index = m->st->whole_head; index; index = m->block[index - 1].next)
		count++;
	return count;
}

/* Which drivers the devices have does not count. */
static void hash_devices(struct hasher *h)
{
	const struct device *device = h->m->st->devices;

	for (u32 i = 0; i < (h->m->page_frees_matter ? HMMU_MAX_DEVICES : 1u); i++, device++) {
		if (i && !device->owner)
			continue;
		hash_word(h, device->owner);
		hash_pair(h, device->first, device->end);
		hash_word(h, (u64)device->window << 40 | (u64)i << 32 | device->free);
	}
}

static void hash_machine(struct hasher *h)
{
	const struct state *st = h->m->st;

	hash_pair(h, st->free_frames, free_blocks(h->m));
	hash_pair(h, st->hugetlb_free, st->hugetlb_reserved);
	hash_pair(h, page_number(h, st->huge_zero_pfn), st->huge_zero_refs);
	hash_pair(h, st->swap_used, st->write_gained);
	if (KERNEL >= V6_12 && st->swap_reclaim_work)
		hash_word(h, st->swap_reclaim_work);
	hash_word(h, st->memcg_limit);
	hash_word(h, memcg_charged(st));
	hash_word(h, st->vma_top);
	hash_word(h, st->bugs);
	hash_devices(h);
	for (u32 i = 0; i < HMMU_INJECTION_COUNT; i++)
		if (st->injections[i].nth)
			hash_word(h, st->injections[i].nth << 4 | i << 1 | st->injections[i].forever);
}

static void hash_all(struct hasher *h, const u64 *slots, const u32 *pfns, u32 count)
{
	const struct hmmu *m = h->m;

	hash_machine(h);
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++)
		hash_mm(h, mm);
	hash_tlbs(h, slots);
	hash_pagevecs(h);
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		hash_task(h, task);
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		hash_migration(h, mig);
	for (u32 i = 0; i < count; i++)
		hash_word(h, page_number(h, pfns[i]));
	hash_intervals(h);
	hash_other_pages(h);
}

int hmmu_state_hash_with(struct hmmu *m, const uint32_t *pfns, uint32_t count, uint64_t *hash)
{
	struct hasher h = { .m = m };
	u64 slots[SLOT_WORDS];

	if (m->in_callback || m->in_page_free || migration_in_callback(m))
		return hmmu_fail(m, -EBUSY, HMMU_ERR_BUSY, "a callback of the machine runs");
	for (u32 i = 0; i < count; i++)
		if (pfns[i] && !pfn_valid(m, pfns[i]))
			return hmmu_fail(m, -EINVAL, HMMU_ERR_NO_PAGE, "there is no page %u", pfns[i]);
	if (!numbering_begin(m))
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for a state hash");
	h.numbering = m->numbering;
	find_slots(m, slots);
	hash_all(&h, slots, pfns, count);
	*hash = h.hash;
	return 0;
}

int hmmu_state_hash(struct hmmu *m, uint64_t *hash)
{
	return hmmu_state_hash_with(m, NULL, 0, hash);
}
