/* SPDX-License-Identifier: GPL-2.0-only */
/* mremap(): shrink, grow or move a mapping. */
#include <errno.h>

#include "call/mmap.h"
#include "call/move_page_tables.h"
#include "call/syscall.h"
#include "call/unmap.h"
#include "fault/gup.h"
#include "host/arena.h"
#include "mm/rmap_lock.h"
#include "mm/task_work.h"
#include "mm/userfaultfd.h"
#include "rmap/rmap.h"

struct remap {
	u64 address;
	u64 old_length, new_length;
	u64 result;  /**< the new address of the mapping */
	bool locked; /**< the added pages are to be populated */
};

static u32 duplicate_vma(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 pgoff)
{
	struct hmmu *m = ctx->m;
	struct vma *n;
	u32 new;

	rmap_lock_vma(ctx, vma);
	new = vma_alloc(m);
	n = vma_of(m, new);
	if (!new)
		return 0;
	vma_copy(m, new, vma);
	n->start = start;
	n->end = end;
	n->pgoff = pgoff;
	n->avc_head = 0;
	n->left = n->right = 0;
	if (anon_vma_clone(m, new, vma)) {
		slab_free(m, SLAB_VMA, new);
		return 0;
	}
	if (n->file)
		file_of(m, n->file)->users++;
	vma_link(m, new);
	return new;
}

/*
 * Get the mapping at the new place: grow a neighbour, or make a new mapping. Anonymous memory that was never touched
 * gets the page offsets of its new address, so that it can merge. Then the old mapping may be merged away, too, and
 * @p *vma becomes the mapping that covers its range. A walk of a reverse map meets a new mapping behind the old one, so it finds each
 * entry; else the entries move under the locks (@p *need_rmap_locks).
 */
static u32 copy_vma(struct ctx *ctx, u32 *vma, u64 address, u64 start, u64 length, bool *need_rmap_locks)
{
	struct hmmu *m = ctx->m;
	const struct vma v = *vma_of(m, *vma);
	bool untouched = vma_is_anonymous(m, *vma) && !v.anon_vma;
	u64 pgoff = untouched ? start >> PAGE_SHIFT : linear_page_index(m, *vma, address);
	u32 next = find_vma(m, ctx->mm, start), prev = next ? vma_of(m, next)->prev : vma_last(m, ctx->mm), new;

	new = vma_merge(ctx, prev, start, start + length, v.flags, v.anon_vma, v.file, pgoff, v.kind);
	*need_rmap_locks = false;
	if (vma_lock_awaited(ctx))
		return 0;
	if (!new)
		return duplicate_vma(ctx, *vma, start, start + length, pgoff);
	if (v.start >= vma_of(m, new)->start && v.start < vma_of(m, new)->end)
		*vma = new;
	*need_rmap_locks = vma_of(m, new)->pgoff <= vma_of(m, *vma)->pgoff;
	return new;
}

/* Unmap the old place. Its commit charge has moved, so the kernel hides VM_ACCOUNT from munmap(). The rest of the
 * mapping gets the flag back, except if the mapping could not be split. */
static void unmap_moved(struct ctx *ctx, u32 vma, u64 start, u64 length)
{
	struct hmmu *m = ctx->m;
	struct vma *v = vma_of(m, vma);
	u32 account = v->flags & VM_ACCOUNT;
	bool rest = v->end - v->start > length, split = start > v->start && start + length < v->end;

	/* Shared memory was mapped a second time; the first mapping stays. */
	if (!length)
		return;
	v->flags &= ~account;
	if (do_munmap(ctx, start, start + length) || !rest)
		return;
	v->flags |= account;
	if (split)
		vma_of(m, v->next)->flags |= account;
}

static int move_vma(struct ctx *ctx, u32 vma, struct remap *r, u64 old_length, u64 to)
{
	struct hmmu *m = ctx->m;
	bool locked = vma_of(m, vma)->flags & VM_LOCKED, need_rmap_locks;
	int err = vma_start_write(ctx, vma);
	u64 moved;
	u32 new;

	if (err)
		return err;
	new = copy_vma(ctx, &vma, r->address, to, r->new_length, &need_rmap_locks);
	if (!new)
		return vma_lock_awaited(ctx) ? BLOCKED : -ENOMEM;
	if (need_rmap_locks)
		rmap_lock_vma(ctx, vma);
	moved = move_page_tables(ctx, vma, r->address, new, to, old_length);
	if (moved < old_length) {
		/* The old tables still exist, so moving back does not fail. */
		rmap_lock_vma(ctx, new);
		move_page_tables(ctx, new, to, vma, r->address, moved);
		unmap_moved(ctx, new, to, r->new_length);
	} else {
		if (leaves_userfaultfd(m, new))
			userfaultfd_reset(m, new);
		unmap_moved(ctx, vma, r->address, old_length);
	}
	if (locked)
		mm_of(m, ctx->mm)->locked_vm += r->new_length >> PAGE_SHIFT;
	r->locked = locked;
	r->result = to;
	return moved < old_length ? -ENOMEM : 0;
}

/* Check that a range lies in one mapping, and that this mapping may change its length. */
static int vma_to_resize(struct ctx *ctx, const struct remap *r, u64 old_length, u32 *vma)
{
	struct hmmu *m = ctx->m;
	u32 found = vma_at(m, ctx->mm, r->address);
	const struct vma *v = vma_of(m, found);
	u64 pgoff;

	if (!found)
		return -EFAULT;
	/* A length of 0 maps shared memory a second time. Private memory can't be shared. */
	if ((!old_length && !(v->flags & VM_SHARED)) || (v->flags & VM_HUGETLB))
		return -EINVAL;
	if (old_length > v->end - r->address)
		return -EFAULT;
	*vma = found;
	if (r->new_length == old_length)
		return 0;
	pgoff = linear_page_index(m, found, r->address);
	if (pgoff + (r->new_length >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	return v->flags & (VM_DONTEXPAND | VM_PFNMAP) ? -EFAULT : 0;
}

static int unmap_tail(struct ctx *ctx, const struct remap *r)
{
	if (r->old_length == r->new_length)
		return 0;
	return do_munmap(ctx, r->address + r->new_length, r->address + r->old_length);
}

/* MREMAP_FIXED: first unmap the new range. */
static int mremap_to(struct ctx *ctx, struct remap *r, u64 to)
{
	u64 old_length = r->old_length;
	u32 vma = 0;
	int err;

	if (to & ~PAGE_MASK || r->new_length > HMMU_TASK_SIZE || to > HMMU_TASK_SIZE - r->new_length)
		return -EINVAL;
	if (r->address + r->old_length > to && to + r->new_length > r->address)
		return -EINVAL;
	err = do_munmap(ctx, to, to + r->new_length);
	if (!err && old_length >= r->new_length) {
		err = unmap_tail(ctx, r);
		old_length = r->new_length;
	}
	if (!err)
		err = vma_to_resize(ctx, r, old_length, &vma);
	return err ? err : move_vma(ctx, vma, r, old_length, to);
}

static bool vma_expandable(const struct hmmu *m, u32 vma, u64 end)
{
	u32 next = vma_of(m, vma)->next;

	return end <= HMMU_TASK_SIZE && !(next && vma_of(m, next)->start < end);
}

static void expand_in_place(struct ctx *ctx, u32 vma, struct remap *r)
{
	struct hmmu *m = ctx->m;

	vma_expand(ctx, vma, r->address + r->new_length);
	r->locked = vma_of(m, vma)->flags & VM_LOCKED;
	if (r->locked)
		mm_of(m, ctx->mm)->locked_vm += (r->new_length - r->old_length) >> PAGE_SHIFT;
}

static int grow(struct ctx *ctx, struct remap *r, bool may_move)
{
	struct hmmu *m = ctx->m;
	u32 vma = 0;
	u64 to;
	int err = vma_to_resize(ctx, r, r->old_length, &vma);

	if (err)
		return err;
	/* A length beyond the address space would wrap around below. */
	if (r->new_length > HMMU_TASK_SIZE)
		return -ENOMEM;
	if (r->address + r->old_length == vma_of(m, vma)->end && vma_expandable(m, vma, r->address + r->new_length)) {
		err = vma_start_write(ctx, vma);
		if (!err)
			expand_in_place(ctx, vma, r);
		return err;
	}
	to = get_unmapped_area(m, ctx->mm, false);
	if (!may_move || to > HMMU_TASK_SIZE - r->new_length)
		return -ENOMEM;
	return move_vma(ctx, vma, r, r->old_length, to);
}

static int do_mremap(struct ctx *ctx, struct remap *r, u32 flags, u64 new_address)
{
	if (((flags & HMMU_MREMAP_FIXED) && !(flags & HMMU_MREMAP_MAYMOVE)) || !r->new_length)
		return -EINVAL;
	r->result = r->address;
	if (KERNEL >= V6_12 && !vma_at(ctx->m, ctx->mm, r->address))
		return -EFAULT;
	if (flags & HMMU_MREMAP_FIXED)
		return mremap_to(ctx, r, new_address);
	/* In 4.14 only growing requires a mapping. */
	if (r->old_length >= r->new_length)
		return unmap_tail(ctx, r);
	return grow(ctx, r, flags & HMMU_MREMAP_MAYMOVE);
}

/* The part that needs mmap_sem for writing. A call that is resumed while populating has done this part. */
static int remap_mappings(struct ctx *ctx, struct remap *r, u32 flags, u64 new_address)
{
	int err = down_write(ctx);

	if (!err)
		err = do_mremap(ctx, r, flags, new_address);
	if (err)
		return err;
	ctx->progress.result = r->result;
	if (r->locked && r->new_length > r->old_length) {
		up_sem(ctx);
		ctx->progress.at = r->result + r->old_length;
	}
	return 0;
}

/* Populate the added part of a locked mapping. Failures are ignored; later faults bring in the missing pages. */
static int populate_added(struct ctx *ctx, const struct remap *r)
{
	u64 start = ctx->progress.result;
	int err = down_read(ctx);

	if (!err)
		err = mm_populate(ctx, start + r->old_length, start + r->new_length);
	return err == BLOCKED ? BLOCKED : 0;
}

static int remap_and_populate(struct ctx *ctx, struct remap *r, u32 flags, u64 new_address)
{
	int err = ctx->progress.at ? 0 : remap_mappings(ctx, r, flags, new_address);

	return !err && ctx->progress.at ? populate_added(ctx, r) : err;
}

int hmmu_mremap(struct hmmu *m, uint32_t tid, uint64_t old_address, uint64_t old_length, uint64_t new_length,
		uint32_t flags, uint64_t new_address, uint64_t *address)
{
	struct remap r = { .address = old_address, .new_length = (new_length + PAGE_SIZE - 1) & PAGE_MASK };
	const struct call call = { .op = OP_MREMAP,
				   .args = { old_address, old_length, new_length, flags, new_address } };
	struct ctx ctx;
	u64 end = 0, result;
	int err = check_range(m, old_address, old_length, &end);

	if (!err && flags & ~(u32)(HMMU_MREMAP_MAYMOVE | HMMU_MREMAP_FIXED))
		err = hmmu_fail(m, -EINVAL, HMMU_ERR_INVALID_ARGUMENT, "flags %#x: MAYMOVE and FIXED are allowed",
				flags);
	if (!err)
		err = task_enter(m, tid, call, &ctx);
	if (err)
		return err;
	r.old_length = end - old_address;
	if (ctx.resume == RESUME_TASK_WORK)
		err = task_work_result(&ctx);
	else
		err = remap_and_populate(&ctx, &r, flags, new_address);
	err = task_work_run(&ctx, err);
	result = ctx.progress.result;
	err = syscall_leave(&ctx, &call, err);
	if (!err)
		*address = result;
	return err;
}
