/* SPDX-License-Identifier: GPL-2.0-only */
/* Mappings: protection, splitting, merging. The case numbers are those of the kernel's vma_merge(). */
#include <errno.h>

#include "host/arena.h"
#include "mm/anon_vma.h"
#include "mm/file.h"
#include "mm/rmap_lock.h"
#include "mm/task_work.h"
#include "mm/userfaultfd.h"
#include "mm/vma.h"
#include "mm/vma_lock.h"
#include "rmap/huge.h"

u64 vm_get_page_prot(u32 flags)
{
	if (!(flags & (VM_READ | VM_WRITE)))
		return PAGE_NONE;
	return (flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED) ? PAGE_SHARED : PAGE_READONLY;
}

/* Shared pages are mapped read-only if the kernel has to see the first store, for soft-dirty tracking. */
bool vma_wants_writenotify(const struct hmmu *m, u32 vma, u64 page_prot)
{
	u32 flags = vma_of(m, vma)->flags;

	if ((flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (page_prot != vm_get_page_prot(flags))
		return false;
	return !(flags & VM_SOFTDIRTY) || userfaultfd_wp(m, vma);
}

void vma_set_page_prot(struct hmmu *m, u32 vma)
{
	struct vma *v = vma_of(m, vma);
	u64 prot = vm_get_page_prot(v->flags);

	if (vma_wants_writenotify(m, vma, prot))
		prot = vm_get_page_prot(v->flags & ~VM_SHARED);
	v->page_prot = prot;
}

/* Shared pages are mapped read-only while userfaultfd protects them. */
void userfaultfd_set_vm_flags(struct hmmu *m, u32 vma, u32 flags)
{
	bool wp_changed = (vma_of(m, vma)->flags ^ flags) & VM_UFFD_WP;

	vma_of(m, vma)->flags = flags;
	if (wp_changed && (flags & VM_SHARED))
		vma_set_page_prot(m, vma);
}

void userfaultfd_reset(struct hmmu *m, u32 vma)
{
	userfaultfd_set_vm_flags(m, vma, vma_of(m, vma)->flags & ~__VM_UFFD_FLAGS);
}

void vma_link(struct hmmu *m, u32 vma)
{
	vma_tree_insert(m, vma);
	if (vma_of(m, vma)->file)
		i_mmap_insert(m, vma);
}

void vma_free(struct ctx *ctx, u32 vma)
{
	struct hmmu *m = ctx->m;
	u32 file = vma_of(m, vma)->file;

	unlink_anon_vmas(m, vma);
	if (file)
		i_mmap_remove(m, vma);
	vma_tree_remove(m, vma);
	slab_free(m, SLAB_VMA, vma);
	if (file)
		fput(ctx, file);
}

static void pre_update(struct hmmu *m, u32 vma)
{
	anon_vma_pre_update(m, vma);
	if (vma_of(m, vma)->file)
		i_mmap_remove(m, vma);
}

static void post_update(struct hmmu *m, u32 vma)
{
	anon_vma_post_update(m, vma);
	if (vma_of(m, vma)->file)
		i_mmap_insert(m, vma);
}

/* Split the huge pmd around a new border. As in the kernel, this notifies of the 2 MiB even if there is no huge pmd. */
static void split_at_border(struct ctx *ctx, u32 vma, u64 border)
{
	const struct vma *v = vma_of(ctx->m, vma);
	u64 haddr = border & PMD_MASK;

	if (haddr != border && haddr >= v->start && haddr + PMD_SIZE <= v->end)
		split_huge_pmd_address(ctx, vma, border, false, 0);
}

static void set_range(struct ctx *ctx, u32 vma, u64 start, u64 end, u64 pgoff)
{
	struct hmmu *m = ctx->m;
	struct vma *v = vma_of(m, vma);

	split_at_border(ctx, vma, start);
	split_at_border(ctx, vma, end);
	pre_update(m, vma);
	v->start = start;
	v->end = end;
	v->pgoff = pgoff;
	post_update(m, vma);
	lookup_of(m, v->mm)->vma = 0;
	m->moved_mappings++;
}

void vma_expand(struct ctx *ctx, u32 vma, u64 end)
{
	rmap_lock_vma(ctx, vma);
	set_range(ctx, vma, vma_of(ctx->m, vma)->start, end, vma_of(ctx->m, vma)->pgoff);
}

/* A growing mapping needs the anon_vma of the mapping whose pages it takes over. */
static int import_anon_vma(struct hmmu *m, u32 importer, u32 exporter)
{
	int err;

	if (!exporter || !vma_of(m, exporter)->anon_vma || vma_of(m, importer)->anon_vma)
		return 0;
	vma_of(m, importer)->anon_vma = vma_of(m, exporter)->anon_vma;
	err = anon_vma_clone(m, importer, exporter);
	if (err)
		vma_of(m, importer)->anon_vma = 0;
	return err;
}

/* Extend vma over the next mapping, and free that mapping. */
static void swallow(struct ctx *ctx, u32 vma, u32 next, u64 start, u64 end, u64 pgoff)
{
	struct hmmu *m = ctx->m;

	vma_tree_remove(m, next);
	set_range(ctx, vma, start, end, pgoff);
	unlink_anon_vmas(m, next);
	if (vma_of(m, next)->file) {
		i_mmap_remove(m, next);
		fput(ctx, vma_of(m, next)->file);
	}
	slab_free(m, SLAB_VMA, next);
}

/* Cases 1, 6, 7 and 2: prev grows up to end, over whole mappings. */
static int grow_up(struct ctx *ctx, u32 vma, u64 end)
{
	struct hmmu *m = ctx->m;
	struct vma *v = vma_of(m, vma);
	u32 next = v->next;
	int err;

	if (!next || end < vma_of(m, next)->end) {
		set_range(ctx, vma, v->start, end, v->pgoff);
		return 0;
	}
	err = import_anon_vma(m, vma,
			      end > vma_of(m, next)->end && !vma_of(m, next)->anon_vma ? vma_of(m, next)->next : next);
	if (err)
		return err;
	while (next && vma_of(m, next)->end <= end) {
		swallow(ctx, vma, next, v->start, vma_of(m, next)->end, v->pgoff);
		next = v->next;
	}
	if (v->end != end)
		set_range(ctx, vma, v->start, end, v->pgoff);
	return 0;
}

/* Cases 4 and 5: the border between two neighbours moves. */
static int move_border(struct ctx *ctx, u32 vma, u32 next, u64 border)
{
	struct hmmu *m = ctx->m;
	struct vma *v = vma_of(m, vma), *n = vma_of(m, next);
	bool up = border > v->end;
	int err = import_anon_vma(m, up ? vma : next, up ? next : vma);

	if (err)
		return err;
	split_at_border(ctx, up ? next : vma, border);
	pre_update(m, vma);
	pre_update(m, next);
	n->pgoff += (border >> PAGE_SHIFT) - (n->start >> PAGE_SHIFT);
	n->start = border;
	v->end = border;
	post_update(m, vma);
	post_update(m, next);
	lookup_of(m, v->mm)->vma = 0;
	m->moved_mappings++;
	return 0;
}

/* Case 8: next grows down over the mapping before it. */
static int grow_down_over(struct ctx *ctx, u32 vma, u32 next)
{
	struct hmmu *m = ctx->m;
	u64 start = vma_of(m, vma)->start, pgoff = vma_of(m, vma)->pgoff;
	int err = import_anon_vma(m, next, vma);

	if (!err)
		swallow(ctx, next, vma, start, vma_of(m, next)->end, pgoff);
	return err;
}

struct merge {
	u32 flags, anon_vma, file, kind;
};

static bool is_mergeable_vma(const struct hmmu *m, u32 vma, const struct merge *want)
{
	const struct vma *v = vma_of(m, vma);

	return !((v->flags ^ want->flags) & ~(u32)VM_SOFTDIRTY) && v->file == want->file && v->kind == want->kind;
}

/* A mapping inherited from a parent has several avcs; it does not merge with a mapping without an anon_vma. */
static bool is_mergeable_anon_vma(const struct hmmu *m, u32 a, u32 b, u32 vma)
{
	u32 chain = vma ? vma_of(m, vma)->avc_head : 0;

	if ((!a || !b) && (!vma || (chain && !avc_of(m, chain)->same_vma_next)))
		return true;
	return a == b;
}

static bool can_vma_merge_before(const struct hmmu *m, u32 vma, const struct merge *want, u64 pgoff)
{
	return is_mergeable_vma(m, vma, want) &&
	       is_mergeable_anon_vma(m, want->anon_vma, vma_of(m, vma)->anon_vma, vma) &&
	       vma_of(m, vma)->pgoff == pgoff;
}

static bool can_vma_merge_after(const struct hmmu *m, u32 vma, const struct merge *want, u64 pgoff)
{
	const struct vma *v = vma_of(m, vma);

	return is_mergeable_vma(m, vma, want) && is_mergeable_anon_vma(m, want->anon_vma, v->anon_vma, vma) &&
	       v->pgoff + vma_pages(v) == pgoff;
}

/* The reverse maps that change: mappings merge only if they have one anon_vma, or none yet. */
static struct rmap_locks merge_locks(const struct hmmu *m, u32 first, u64 end, u32 growing)
{
	u32 anon_vma = vma_of(m, growing)->anon_vma;

	for (u32 vma = first; !anon_vma && vma && vma_of(m, vma)->start < end; vma = vma_of(m, vma)->next)
		anon_vma = vma_of(m, vma)->anon_vma;
	return (struct rmap_locks){ { vma_of(m, growing)->file, rmap_of_anon_vma(anon_vma) } };
}

/* The mappings of a range, and then the one that grows over them. */
static int merge_start_write(struct ctx *ctx, u32 first, u64 end, u32 growing)
{
	int err = 0;

	for (u32 vma = first; KERNEL >= V6_12 && vma && vma_of(ctx->m, vma)->start < end && !err;
	     vma = vma_of(ctx->m, vma)->next)
		err = vma_start_write(ctx, vma);
	if (!err)
		err = vma_start_write(ctx, growing);
	if (!err && ctx->m->stops)
		rmap_lock_wait(ctx, merge_locks(ctx->m, first, end, growing), true);
	return err;
}

/* Extend prev to end and, if it can merge, over the next mapping. */
static u32 merge_into_prev(struct ctx *ctx, u32 prev, u32 next, const struct merge *want, u64 end, u64 pgoff_end)
{
	struct hmmu *m = ctx->m;
	u32 behind = vma_of(m, prev)->next;
	int err;

	if (next && vma_of(m, next)->start == end && can_vma_merge_before(m, next, want, pgoff_end) &&
	    is_mergeable_anon_vma(m, vma_of(m, prev)->anon_vma, vma_of(m, next)->anon_vma, 0))
		end = vma_of(m, next)->end;
	err = merge_start_write(ctx, behind, end, prev);
	if (err)
		return 0;
	if (behind && vma_of(m, behind)->start < end && end < vma_of(m, behind)->end)
		err = move_border(ctx, prev, behind, end);
	else
		err = grow_up(ctx, prev, end);
	return err ? 0 : prev;
}

u32 vma_merge(struct ctx *ctx, u32 prev, u64 start, u64 end, u32 flags, u32 anon_vma, u32 file, u64 pgoff, u32 kind)
{
	struct hmmu *m = ctx->m;
	struct merge want = { flags, anon_vma, file, kind };
	u64 pgoff_end = pgoff + ((end - start) >> PAGE_SHIFT);
	u32 area = prev ? vma_of(m, prev)->next : mm_of(m, ctx->mm)->mmap;
	u32 next = area;

	if (flags & VM_SPECIAL)
		return 0;
	if (area && vma_of(m, area)->end == end)
		next = vma_of(m, area)->next;
	if (prev && vma_of(m, prev)->end == start && can_vma_merge_after(m, prev, &want, pgoff))
		return merge_into_prev(ctx, prev, next, &want, end, pgoff_end);
	if (!next || vma_of(m, next)->start != end || !can_vma_merge_before(m, next, &want, pgoff_end))
		return 0;
	if (prev && start < vma_of(m, prev)->end)
		return merge_start_write(ctx, prev, end, next) || move_border(ctx, prev, next, start) ? 0 : next;
	if (merge_start_write(ctx, area, end, next))
		return 0;
	if (area != next)
		return grow_down_over(ctx, area, next) ? 0 : next;
	set_range(ctx, next, start, vma_of(m, next)->end, pgoff);
	return next;
}

int split_vma(struct ctx *ctx, u32 vma, u64 address, bool new_below)
{
	struct hmmu *m = ctx->m;
	struct vma *v = vma_of(m, vma), *n;
	u64 pgoff = v->pgoff + ((address - v->start) >> PAGE_SHIFT);
	u32 new;
	int err;

	if ((v->flags & VM_HUGETLB) && (address & ~PMD_MASK))
		return -EINVAL;
	err = vma_start_write(ctx, vma);
	if (err)
		return err;
	rmap_lock_vma(ctx, vma);
	new = vma_alloc(m);
	n = vma_of(m, new);
	if (!new)
		return -ENOMEM;
	vma_copy(m, new, vma);
	n->avc_head = 0;
	n->left = n->right = 0;
	if (new_below) {
		n->end = address;
	} else {
		n->start = address;
		n->pgoff = pgoff;
	}
	err = anon_vma_clone(m, new, vma);
	if (err) {
		slab_free(m, SLAB_VMA, new);
		return err;
	}
	if (v->file) {
		file_of(m, v->file)->users++;
		i_mmap_insert(m, new);
	}
	if (new_below)
		set_range(ctx, vma, address, v->end, pgoff);
	else
		set_range(ctx, vma, v->start, address, v->pgoff);
	vma_tree_insert(m, new);
	return 0;
}

int vma_cut_out(struct ctx *ctx, u32 vma, u64 start, u64 end)
{
	const struct vma *v = vma_of(ctx->m, vma);
	int err = 0;

	if (start > v->start)
		err = split_vma(ctx, vma, start, true);
	if (!err && end < v->end)
		err = split_vma(ctx, vma, end, false);
	return err;
}

int vma_change_flags(struct ctx *ctx, u32 *vma, u32 prev, u64 start, u64 end, u32 flags)
{
	const struct vma *v = vma_of(ctx->m, *vma);
	u64 pgoff = v->pgoff + ((start - v->start) >> PAGE_SHIFT);
	int err = vma_start_write(ctx, *vma);
	u32 merged;

	if (err)
		return err;
	merged = vma_merge(ctx, prev, start, end, flags, v->anon_vma, v->file, pgoff, v->kind);
	if (vma_lock_awaited(ctx))
		return BLOCKED;
	if (!merged)
		return vma_cut_out(ctx, *vma, start, end);
	*vma = merged;
	return 0;
}
