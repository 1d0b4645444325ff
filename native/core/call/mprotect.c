/* SPDX-License-Identifier: GPL-2.0-only */
/* mprotect(): the entries of a range get other rights. */
#include <errno.h>

#include "call/change_protection.h"
#include "call/syscall.h"
#include "fault/gup.h"
#include "mm/vma.h"

/* A locked mapping that becomes writable gets its own pages at once, with mmap_sem held for writing. Only a page to
 * wait for keeps the call from going on; other errors come again when the page is touched. */
static int populate_after_mprotect(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	int err = populate_vma_page_range(ctx, vma, &start, end);

	return err == BLOCKED ? BLOCKED : 0;
}

/* A call that waited while it populated finds the rights changed, and goes on populating. */
static int resume_populate(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	u64 progress = ctx->progress.at;

	if (progress < start || progress >= end)
		return 0;
	return populate_after_mprotect(ctx, vma, progress, end);
}

/* Private memory that can be written from now on counts against the commit limit from now on. In 6.12 it counts no more if
 * it becomes read-only before anybody touched it. */
static u32 account_flags(const struct hmmu *m, u32 vma, u32 flags)
{
	u32 old = vma_of(m, vma)->flags;

	if (flags & VM_WRITE)
		return old & (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED) ? flags : flags | VM_ACCOUNT;
	if (KERNEL >= V6_12 && vma_is_anonymous(m, vma) && !vma_of(m, vma)->anon_vma)
		return flags & ~(u32)VM_ACCOUNT;
	return flags;
}

static u32 vm_prot_flags(u32 prot)
{
	return (prot & HMMU_PROT_READ ? VM_READ : 0) | (prot & HMMU_PROT_WRITE ? VM_WRITE : 0);
}

static int mprotect_fixup(struct ctx *ctx, u32 *prev, u32 vma, u64 start, u64 end, u32 prot)
{
	struct hmmu *m = ctx->m;
	u32 old = vma_of(m, vma)->flags, flags = (old & ~(u32)(VM_READ | VM_WRITE)) | vm_prot_flags(prot);
	bool make_writable;
	int err;

	if (flags == old) {
		*prev = vma;
		return resume_populate(ctx, vma, start, end);
	}
	flags = account_flags(m, vma, flags);
	err = vma_change_flags(ctx, &vma, *prev, start, end, flags);
	if (err)
		return err;
	*prev = vma;
	vma_of(m, vma)->flags = flags;
	make_writable = vma_wants_manual_pte_write_upgrade(m, vma);
	vma_set_page_prot(m, vma);
	change_protection(ctx, vma, start, end, make_writable);
	if ((old & (VM_WRITE | VM_SHARED | VM_LOCKED)) != VM_LOCKED || !(flags & VM_WRITE))
		return 0;
	err = vma_start_write_and_keep(ctx, vma);
	return err ? err : populate_after_mprotect(ctx, vma, start, end);
}

int hmmu_mprotect(struct hmmu *m, uint32_t tid, uint64_t address, uint64_t length, uint32_t prot)
{
	const struct call call = { .op = OP_MPROTECT, .args = { address, length, prot } };
	struct ctx ctx;
	u64 end = 0;
	int err = check_range(m, address, length, &end);

	if (!err && prot & ~(u32)(HMMU_PROT_READ | HMMU_PROT_WRITE))
		err = hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "protection %#x: READ and WRITE are allowed",
				prot);
	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	err = down_write(&ctx);
	if (!err && end > address)
		err = fixup_range(&ctx, address, end, mprotect_fixup, prot);
	return syscall_leave(&ctx, &call, err);
}
