/* SPDX-License-Identifier: GPL-2.0-only */
/* hmmu_verify(): recounts the whole machine and compares the result with its books. */
#include "machine/verify.h"

#include <errno.h>

#include "host/platform.h"
#include "migrate/migrate.h"
#include "mm/mm.h"
#include "mm/tlb.h"
#include "page/lru.h"

/* The references that pins for DMA are. */
static int32_t dma_references(const struct hmmu *m, u32 pfn)
{
	if (is_zero_pfn(m, pfn))
		return 0;
	return m->pins[pfn].dma * (PageCompound(m, pfn) ? 1 : GUP_PIN_COUNTING_BIAS);
}

static void holders_of_page(struct verify *v, u32 pfn)
{
	const struct page *page = page_of(v->m, pfn);

	tally_ref(v, pfn, v->m->pins[pfn].get + v->m->pins[pfn].exclusive);
	if (v->m->pins[pfn].dma)
		tally_ref(v, pfn, dma_references(v->m, pfn));
	if (page->flags & HMMU_PG_HEAD)
		tally_ref(v, pfn, page_of(v->m, pfn + LEAK_TAIL)->leaked);
	v->swap_cached += (page->flags & HMMU_PG_SWAPCACHE) != 0;
	if (page->flags & PAGE_USER_HELD) {
		tally_ref(v, pfn, 1);
		tally(v, compound_head(v->m, pfn))->locks++;
	}
	if (page->flags & PAGE_USER_ISOLATED)
		tally_ref(v, pfn, 1);
	if (page->flags & (PAGE_USER_DRIVER | PAGE_USER_DESTINATION))
		tally_ref(v, pfn, 1);
	if (page->flags & (PAGE_USER_DRIVER_LOCK | PAGE_USER_DESTINATION))
		tally(v, pfn)->locks++;
	if (page->mapping && !(page->mapping & MAPPING_ANON) && !(page->flags & (HMMU_PG_TABLE | HMMU_PG_BUDDY)))
		tally_ref(v, pfn, 1);
}

/* An entry that is not finalized yet has one reference, and the page lock if its word says so. */
static void holders_of_migration(struct verify *v, const struct hmmu_migration *mig)
{
	u64 first = mig->stage == HMMU_STAGE_FINALIZE ? mig->pos : 0;

	if (mig->stage == HMMU_STAGE_DONE)
		return;
	for (u64 i = first; i < mig->npages; i++) {
		u32 page = migrate_pfn_to_page(mig->src[i]);

		if (!page)
			continue;
		tally_ref(v, page, 1);
		/* In 6.12 all pages in src are locked, and no bit says so. */
		if (KERNEL >= V6_12 || mig->src[i] & HMMU_PFN_LOCKED)
			tally(v, page)->locks++;
	}
}

/* Frames that were ever used: of RAM up to the last block opened, of the hugetlb pool and the device up to the highest
 * page in use. */
static u32 next_used(const struct hmmu *m, u32 pfn)
{
	pfn++;
	if (pfn >= ram_used(m) && pfn < m->hugetlb_base)
		pfn = m->hugetlb_base;
	if (pfn >= m->hugetlb_base + pool_used(m) && pfn < m->device_base)
		pfn = m->device_base;
	if (pfn >= m->device_base + m->st->device_high && pfn < m->other_device_base)
		pfn = m->other_device_base;
	return pfn;
}

/* A migration that the fault's handler makes counts the lock among its own. */
static bool fault_has_lock(const struct hmmu *m, const struct device_fault *fault)
{
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->fault_page == fault->pfn)
			for (u64 i = 0; i < mig->npages; i++)
				if (migrate_pfn_to_page(mig->src[i]) == fault->pfn)
					return false;
	return fault->locked;
}

void verify_holders(struct verify *v)
{
	struct hmmu *m = v->m;

	for (u32 pfn = 1; pfn < m->pfn_end; pfn = next_used(m, pfn))
		holders_of_page(v, pfn);
	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		holders_of_migration(v, mig);
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm && task_of(m, task)->wait_ref)
			tally_ref(v, task_of(m, task)->wait_pfn, 1);
	/* A page that a fault has replaced is munlocked when the fault gets the page's lock. */
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm && task_of(m, task)->resume == RESUME_MUNLOCK)
			tally(v, task_of(m, task)->wait_pfn)->mlock_explained = true;
	for (const struct device_fault *fault = m->faults; fault; fault = fault->outer) {
		tally_ref(v, fault->pfn, 1);
		tally(v, fault->pfn)->locks += fault_has_lock(m, fault);
	}
	if (m->st->huge_zero_pfn)
		tally_ref(v, m->st->huge_zero_pfn, 1);
}

/* The total of 6.12, against the counts that it is the sum of. */
static void verify_large_mapcount(struct verify *v, u32 head)
{
	int32_t sum = compound_mapcount(v->m, head);

	for (u32 i = 0; i < HPAGE_PMD_NR; i++)
		sum += page_of(v->m, head + i)->mapcount;
	if (total_mapcount(v->m, head) != sum)
		complain(v, "page %u: its total mapcount is %d, but its parts are mapped %d times", head,
			 total_mapcount(v->m, head), sum);
}

static void verify_map_counts(struct verify *v, u32 pfn)
{
	struct hmmu *m = v->m;
	const struct page *page = page_of(m, pfn);
	u32 head = compound_head(m, pfn);
	bool twice = PageCompound(m, pfn) && page_test(m, head, HMMU_PG_DOUBLE_MAP);

	if (page->mapcount - twice != tally(v, pfn)->maps)
		complain(v, "page %u: mapcount is %d, but %d entries map it", pfn, page->mapcount - twice,
			 tally(v, pfn)->maps);
	if ((page->flags & HMMU_PG_HEAD) && compound_mapcount(m, pfn) != tally(v, pfn)->huge)
		complain(v, "page %u: compound mapcount is %d, but %d huge entries map it", pfn,
			 compound_mapcount(m, pfn), tally(v, pfn)->huge);
	if (KERNEL >= V6_12 && (page->flags & HMMU_PG_HEAD))
		verify_large_mapcount(v, pfn);
}

static void verify_page(struct verify *v, u32 pfn)
{
	struct hmmu *m = v->m;
	const struct page *page = page_of(m, pfn);
	const struct page_tally *t = tally(v, pfn);
	int32_t base = page->count ? page_own_refs(m, pfn) : 0;

	if (page->flags & (HMMU_PG_TABLE | HMMU_PG_RESERVED))
		return;
	verify_map_counts(v, pfn);
	verify_writer(v, pfn);
	if (page->flags & HMMU_PG_TAIL) {
		if (page->count || page->head >= pfn || !page_test(m, page->head, HMMU_PG_HEAD))
			complain(v, "page %u: it is a tail with %d references, and %u is not its head", pfn,
				 page->count, page->head);
		return;
	}
	if (page->count - base != t->refs)
		complain(v, "page %u: count is %d, but %d references can be explained", pfn, page->count - base,
			 t->refs);
	if (page->count - base < t->refs)
		v->too_few = pfn;
	if (!(page->flags & HMMU_PG_LOCKED) != !t->locks || t->locks > 1)
		complain(v, "page %u: it is %s, but %u have its lock", pfn,
			 page->flags & HMMU_PG_LOCKED ? "locked" : "not locked", t->locks);
	if (!(page->flags & HMMU_PG_LRU) != !t->on_lru)
		complain(v, "page %u: its LRU flag and the lists disagree", pfn);
	/* munlock() does not find device pages, and a free one keeps the mark. Copying a huge page on write leaves it the
	 * mark until its last mapping goes, or one is split. */
	if ((page->flags & HMMU_PG_MLOCKED) && !t->mlock_explained && !is_zone_device_page(m, pfn) && !t->huge)
		complain(v, "page %u: it is mlocked, but no VM_LOCKED mapping maps it", pfn);
	if (!page->count && !(page->flags & HMMU_PG_BUDDY) && page->flags && !PageHuge(m, pfn) &&
	    !is_zone_device_page(m, pfn))
		complain(v, "page %u: it has no reference and is not free (flags %#x)", pfn, page->flags);
}

void verify_pages(struct verify *v)
{
	struct hmmu *m = v->m;
	u64 charged = 0, free = m->st->ram_pages, device_used = 0;

	for (u32 pfn = 1; pfn < m->pfn_end; pfn = next_used(m, pfn)) {
		const struct page *page = page_of(m, pfn);

		verify_page(v, pfn);
		if ((page->flags & PAGE_USER_CHARGED) && !(page->flags & HMMU_PG_TAIL))
			charged += hpage_nr_pages(m, pfn);
		if (PageHuge(m, pfn))
			continue;
		if (is_device_private_page(m, pfn))
			device_used += page->count > FREE_DEVICE_REFS;
		else if (is_zone_device_page(m, pfn))
			continue;
		else if (page->count || (page->flags & (HMMU_PG_TAIL | HMMU_PG_RESERVED)))
			free--;
	}
	free--; /* frame 0 */
	if (charged != m->st->memcg_charged)
		complain(v, "memory cgroup: %llu pages are charged, the counter says %llu", (unsigned long long)charged,
			 (unsigned long long)m->st->memcg_charged);
	if (free != m->st->free_frames)
		complain(v, "allocator: %llu frames are free, the counter says %u", (unsigned long long)free,
			 m->st->free_frames);
	if (device_used + m->st->device_free != m->st->device_pages)
		complain(v, "device: %llu pages are in use and %u free, of %u", (unsigned long long)device_used,
			 m->st->device_free, m->st->device_pages);
	if (v->tables != m->st->table_pages)
		complain(v, "page tables: %llu are reachable, the counter says %u", (unsigned long long)v->tables,
			 m->st->table_pages);
}

static void verify_list(struct verify *v, int which)
{
	struct hmmu *m = v->m;
	const struct lru *lru = &m->st->lru[which];
	u64 nr = 0;
	u32 head = lru_head(m, which), prev = head;

	for (u32 pfn = page_of(m, head)->next; pfn != head; pfn = page_of(m, pfn)->next) {
		if (page_of(m, pfn)->prev != prev || tally(v, pfn)->on_lru) {
			complain(v, "LRU list %d is broken at page %u", which, pfn);
			return;
		}
		tally(v, pfn)->on_lru = true;
		nr += hpage_nr_pages(m, pfn);
		prev = pfn;
	}
	if (nr != lru->nr)
		complain(v, "LRU list %d has %llu pages, its counter says %llu", which, (unsigned long long)nr,
			 (unsigned long long)lru->nr);
}

/* Unevictable pages of 6.12 are on no list, but counted. */
static void verify_unevictable(struct verify *v)
{
	struct hmmu *m = v->m;
	const u32 flags = HMMU_PG_LRU | HMMU_PG_UNEVICTABLE;
	u64 nr = 0;

	for (u32 pfn = 1; pfn < ram_used(m); pfn++) {
		if ((page_of(m, pfn)->flags & flags) != flags)
			continue;
		tally(v, pfn)->on_lru = true;
		nr += hpage_nr_pages(m, pfn);
	}
	if (nr != m->st->lru[LRU_UNEVICTABLE].nr)
		complain(v, "%llu pages are unevictable, the counter says %llu", (unsigned long long)nr,
			 (unsigned long long)m->st->lru[LRU_UNEVICTABLE].nr);
}

/* A page that waits for its munlock may be mapped by no locked mapping any more. */
static void verify_pagevec(struct verify *v, const struct pagevec *pvec, enum pagevec_kind kind)
{
	for (u32 i = 0; i < pvec->nr; i++) {
		u32 pfn = kind == PVEC_MLOCK ? mlock_work_page(pvec->pages[i]) : pvec->pages[i];

		tally_ref(v, pfn, 1);
		if (kind == PVEC_MLOCK)
			tally(v, compound_head(v->m, pfn))->mlock_explained = true;
	}
}

void verify_lru(struct verify *v)
{
	struct hmmu *m = v->m;

	for (int which = 0; which < NR_LRU_LISTS; which++)
		if (lru_is_linked(which))
			verify_list(v, which);
		else
			verify_unevictable(v);
	for (u32 cpu = 0; cpu < m->st->cpus; cpu++)
		for (int kind = 0; kind < NR_PAGEVECS; kind++)
			verify_pagevec(v, &m->st->cpu[cpu].pvecs[kind], kind);
}

/** Holders of and waiters for the locks of a process, as its tasks record them. */
struct sem_tally {
	u32 readers, writer, waiting;
	u32 vma_readers;
	u32 tasks;
};

/* Whoever waits for the lock of a mapping has marked the mapping, and has mmap_lock for writing. */
static void verify_vma_lock(struct verify *v, u32 task, struct sem_tally *tally)
{
	const struct hmmu *m = v->m;
	const struct task *t = task_of(m, task);
	bool writes = t->wait == HMMU_WAIT_VMA_LOCK;

	if (!t->vma_lock && !writes)
		return;
	tally->vma_readers += !writes;
	if (vma_of(m, t->vma_lock)->mm != t->mm || !t->wait || (!writes && !vma_of(m, t->vma_lock)->readers))
		complain(v, "task %u has the lock of mapping %u, which is of process %u", task, t->vma_lock,
			 vma_of(m, t->vma_lock)->mm);
	else if (writes && (!vma_of(m, t->vma_lock)->write_locked || t->sem_hold != SEM_WRITE))
		complain(v, "task %u waits for the lock of mapping %u, and has not marked the mapping", task,
			 t->vma_lock);
}

/* A waiting task must be in a call. */
static void tally_task(struct verify *v, u32 task, struct sem_tally *tally)
{
	const struct task *t = task_of(v->m, task);

	tally->tasks++;
	tally->readers += t->sem_hold == SEM_READ;
	if (t->sem_hold == SEM_WRITE)
		tally->writer = task;
	if (KERNEL >= V6_12)
		verify_vma_lock(v, task, tally);
	if (!t->wait)
		return;
	if (!t->op)
		complain(v, "task %u waits and is in no call", task);
	tally->waiting += t->wait == HMMU_WAIT_MMAP_SEM_READ || t->wait == HMMU_WAIT_MMAP_SEM_WRITE;
}

/* The marks of a process's mappings, and the sum of their readers. */
static void verify_vma_locks(struct verify *v, u32 mm, u32 readers)
{
	const struct hmmu *m = v->m;
	u32 counted = 0;

	for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next) {
		counted += vma_of(m, vma)->readers;
		if (vma_of(m, vma)->write_locked && !(mm_of(m, mm)->vmas_marked && mm_of(m, mm)->mmap_sem.writer))
			complain(v, "process %u: mapping %u is marked by a writer, and nobody writes", mm, vma);
	}
	if (readers != mm_of(m, mm)->vma_readers || readers != counted)
		complain(v,
			 "process %u: %u tasks are counted that hold the lock of a mapping, %u by the mappings; %u do",
			 mm, mm_of(m, mm)->vma_readers, counted, readers);
}

/* Tasks that wait for mmap_sem must be in its queue. */
static void verify_sem(struct verify *v, u32 mm, const struct sem_tally *tally)
{
	const struct hmmu *m = v->m;
	const struct rwsem *sem = &mm_of(m, mm)->mmap_sem;
	u32 queued = 0;

	for (u32 task = sem->first_waiter; task && queued <= tally->waiting; task = task_of(m, task)->queue_next)
		queued++;
	if (tally->waiting != queued)
		complain(v, "process %u: %u tasks wait for mmap_sem, %u are in its queue", mm, tally->waiting, queued);
	if (tally->readers != sem->readers || tally->writer != sem->writer)
		complain(v, "process %u: mmap_sem has %u readers and writer %u, but tasks hold it %u times (%u)", mm,
			 sem->readers, sem->writer, tally->readers, tally->writer);
	if (tally->tasks != mm_of(m, mm)->tasks)
		complain(v, "process %u: it has %u tasks, the counter says %u", mm, tally->tasks, mm_of(m, mm)->tasks);
	if (KERNEL >= V6_12)
		verify_vma_locks(v, mm, tally->vma_readers);
}

void verify_locks(struct verify *v)
{
	struct hmmu *m = v->m;
	struct sem_tally *tallies = platform_alloc(m->st->slabs[SLAB_MM].high * sizeof(*tallies));

	for (u32 task = 1; tallies && task < m->st->slabs[SLAB_TASK].high; task++)
		if (task_of(m, task)->mm)
			tally_task(v, task, &tallies[task_of(m, task)->mm]);
	for (u32 mm = 1; tallies && mm < m->st->slabs[SLAB_MM].high; mm++)
		if (mm_exists(m, mm))
			verify_sem(v, mm, &tallies[mm]);
	if (!tallies)
		complain(v, "the host has no memory to look at semaphores");
	platform_free(tallies);
	for (u32 anon_vma = 1; anon_vma < m->st->slabs[SLAB_ANON_VMA].high; anon_vma++)
		if (anon_vma_of(m, anon_vma)->refcount && anon_vma_of(m, anon_vma)->locked)
			complain(v, "anon_vma %u is locked", anon_vma);
}

/* Whether a fork() waits that has write-protected entries: it flushes when it has copied all mappings. */
static bool is_being_copied(const struct hmmu *m, u32 mm)
{
	u32 writer = mm_of(m, mm)->mmap_sem.writer;

	return KERNEL >= V6_12 && writer && task_of(m, writer)->op == OP_FORK;
}

/* Whether a migration or a fork() is about to flush the translation. */
static bool flush_pending(const struct hmmu *m, const struct tlb_entry *entry)
{
	u64 address = entry->vpn << PAGE_SHIFT;

	for (const struct hmmu_migration *mig = m->migrations; mig; mig = mig->next)
		if (mig->ctx.mm == entry->mm && address >= mig->flush_start && address < mig->flush_end)
			return true;
	return is_being_copied(m, entry->mm);
}

void verify_tlb(struct verify *v)
{
	struct hmmu *m = v->m;

	for (u32 slot = 0; slot < m->st->cpus * TLB_ENTRIES; slot++) {
		const struct tlb_entry *entry = &m->tlb[slot];

		if (!entry->gen || !hmmu_process_alive(m, entry->mm) || entry->gen != mm_of(m, entry->mm)->tlb_gen)
			continue;
		if (tlb_entry_stale(m, entry) && !flush_pending(m, entry))
			complain(v, "TLB of CPU %u: the translation of %#llx in process %u is stale",
				 slot / TLB_ENTRIES, (unsigned long long)(entry->vpn << PAGE_SHIFT), entry->mm);
	}
}

static void verify_all(struct verify *v)
{
	struct hmmu *m = v->m;

	if (m->st->bugs)
		complain(v, "%u internal contradictions, the first: %s", m->st->bugs,
			 m->first_bug[0] ? m->first_bug : "met before this copy of the machine was made");
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		v->munlocks |= task_of(m, task)->progress.munlock_at != 0;
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++)
		if (mm_exists(m, mm))
			verify_mm(v, mm);
	verify_lru(v);
	verify_holders(v);
	verify_swap(v);
	verify_pages(v);
	verify_locks(v);
	verify_tlb(v);
	verify_lists(v);
	verify_intervals(v);
	verify_hugetlb(v);
}

int verify_machine(struct hmmu *m, hmmu_report_fn report, void *data, u32 *too_few)
{
	struct verify v = { .m = m, .report = report, .data = data };
	u64 pages = (u64)ram_used(m) + pool_used(m) + m->st->device_high + m->st->other_device_pages;

	v.pages = platform_alloc(pages * sizeof(*v.pages));
	v.swap_entries = platform_alloc((m->st->swap_high + 1ull) * sizeof(*v.swap_entries));
	v.chain_of = platform_alloc(m->st->slabs[SLAB_ANON_VMA].high * sizeof(*v.chain_of));
	if (v.pages && v.swap_entries && v.chain_of)
		verify_all(&v);
	else
		v.complaints = -ENOMEM;
	platform_free(v.pages);
	platform_free(v.swap_entries);
	platform_free(v.chain_of);
	*too_few = v.too_few;
	return v.complaints;
}

int hmmu_verify(struct hmmu *m, hmmu_report_fn report, void *data)
{
	u32 too_few;
	int complaints;

	if (m->in_page_free)
		return check_outside_page_free(m);
	complaints = verify_machine(m, report, data, &too_few);
	if (complaints < 0)
		return hmmu_fail(m, -ENOMEM, HMMU_ERR_HOST_MEMORY, "the host has no memory for the tallies");
	return complaints;
}
