/* SPDX-License-Identifier: GPL-2.0-only */
/* Gathered translations and pages: flushed together, then given up. */
#include "mm/mmu_gather.h"

#include "mm/mmu_notifier.h"
#include "mm/stop.h"
#include "mm/swap.h"
#include "mm/tlb.h"
#include "page/lru.h"

/* The range of a whole address space is empty and at the top, as in the kernel: what is added to it lowers its start. */
static void reset_range(struct mmu_gather *tlb)
{
	tlb->start = tlb->fullmm ? ~0ull : HMMU_TASK_SIZE;
	tlb->end = tlb->fullmm ? ~0ull : 0;
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct ctx *ctx, u32 mm, bool fullmm)
{
	tlb->ctx = ctx;
	tlb->mm = mm;
	tlb->fullmm = fullmm;
	if (KERNEL >= V6_12)
		tlb->keep_wp = false;
	tlb->nr = 0;
	reset_range(tlb);
}

void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	struct hmmu *m = tlb->ctx->m;

	if (!tlb->end)
		return;
	if (tlb->fullmm)
		flush_tlb_mm(m, tlb->mm);
	else
		flush_tlb_range(m, tlb->mm, tlb->start, tlb->end);
	mmu_notifier_invalidate_range(m, tlb->mm, tlb->start, tlb->end);
	reset_range(tlb);
}

void tlb_flush_mmu_free(struct mmu_gather *tlb)
{
	struct hmmu *m = tlb->ctx->m;

	if (!tlb->nr)
		return;
	lru_add_drain(m, tlb->ctx->cpu);
	if (m->st->swap_cached)
		for (u32 i = 0; i < tlb->nr; i++)
			free_swap_cache(m, tlb->pages[i]);
	release_pages(m, tlb->pages, tlb->nr);
	tlb->nr = 0;
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu_tlbonly(tlb);
	tlb_flush_mmu_free(tlb);
}

/* The pages that were gathered have still the references of their entries. */
struct at_hand at_hand_of_gather(const struct mmu_gather *tlb)
{
	return (struct at_hand){
		.nr_pages = tlb->nr,
		.pages = tlb->pages,
		.flush_mm = tlb->mm,
		.flush_start = tlb->fullmm ? 0 : tlb->start,
		.flush_end = tlb->fullmm ? HMMU_TASK_SIZE : tlb->end,
	};
}

static void stop_before_flush(const struct mmu_gather *tlb)
{
	stop_here(tlb->ctx, &(struct stop){
				    .point = HMMU_SWITCH_LATE_FLUSH,
				    .hand = at_hand_of_gather(tlb),
				    .unused = (const u8 *)&tlb->pages[tlb->nr],
				    .unused_bytes = (MAX_GATHER_PAGES - tlb->nr) * sizeof(tlb->pages[0]),
			    });
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	if (stops_at(tlb->ctx->m, HMMU_SWITCH_LATE_FLUSH) && tlb->end)
		stop_before_flush(tlb);
	tlb_flush_mmu(tlb);
}
