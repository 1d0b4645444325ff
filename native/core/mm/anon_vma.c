/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * anon_vma: the mappings that may map the anonymous pages of a mapping and of its forked copies. An anon_vma sorts its
 * mappings by first page, and equal ones by insertion. Walks follow that order.
 */
#include <errno.h>

#include "mm/anon_vma.h"

#include "host/arena.h"
#include "host/inject.h"
#include "mm/interval_tree.h"
#include "mm/rmap_lock.h"
#include "mm/vma_lock.h"
#include "mm/vma_record.h"

static void tree_insert(struct hmmu *m, u32 avc)
{
	struct avc *a = avc_of(m, avc);
	const struct vma *v = vma_of(m, a->vma);

	a->node.start = v->pgoff;
	a->node.last = v->pgoff + vma_pages(v) - 1;
	interval_tree_insert(avc_nodes(m), &anon_vma_of(m, a->anon_vma)->tree, avc);
}

static void tree_remove(struct hmmu *m, u32 avc)
{
	interval_tree_remove(avc_nodes(m), &anon_vma_of(m, avc_of(m, avc)->anon_vma)->tree, avc);
}

void anon_vma_pre_update(struct hmmu *m, u32 vma)
{
	for (u32 avc = vma_of(m, vma)->avc_head; avc; avc = avc_of(m, avc)->same_vma_next)
		tree_remove(m, avc);
}

void anon_vma_post_update(struct hmmu *m, u32 vma)
{
	for (u32 avc = vma_of(m, vma)->avc_head; avc; avc = avc_of(m, avc)->same_vma_next)
		tree_insert(m, avc);
}

static void count_active(struct hmmu *m, u32 anon_vma, int vmas)
{
	if (KERNEL >= V6_12)
		anon_vma_of(m, anon_vma)->active_vmas += (u32)vmas;
}

static u32 anon_vma_alloc(struct hmmu *m)
{
	u32 anon_vma = should_fail(m, HMMU_INJECT_ANON_VMA) ? 0 : slab_alloc(m, SLAB_ANON_VMA);

	if (anon_vma) {
		anon_vma_of(m, anon_vma)->refcount = 1;
		anon_vma_of(m, anon_vma)->degree = 1;
		anon_vma_of(m, anon_vma)->parent = anon_vma;
		anon_vma_of(m, anon_vma)->root = anon_vma;
	}
	return anon_vma;
}

void get_anon_vma(struct hmmu *m, u32 anon_vma)
{
	anon_vma_of(m, anon_vma)->refcount++;
}

void put_anon_vma(struct hmmu *m, u32 anon_vma)
{
	u32 root = anon_vma_of(m, anon_vma)->root;

	if (--anon_vma_of(m, anon_vma)->refcount)
		return;
	if (anon_vma_of(m, anon_vma)->tree.node)
		hmmu_bug(m, "an anon_vma was freed that still has mappings");
	slab_free(m, SLAB_ANON_VMA, anon_vma);
	if (root != anon_vma)
		put_anon_vma(m, root);
}

static u32 avc_alloc(struct hmmu *m)
{
	return should_fail(m, HMMU_INJECT_ANON_VMA) ? 0 : slab_alloc(m, SLAB_AVC);
}

static void avc_link(struct hmmu *m, u32 avc, u32 vma, u32 anon_vma)
{
	struct avc *a = avc_of(m, avc);
	struct vma *v = vma_of(m, vma);

	a->vma = vma;
	a->anon_vma = anon_vma;
	a->same_vma_next = v->avc_head;
	if (v->avc_head)
		avc_of(m, v->avc_head)->same_vma_prev = avc;
	v->avc_head = avc;
	tree_insert(m, avc);
}

/* The anon_vma of a neighbour with which this mapping could later merge, or 0. */
static u32 reusable_anon_vma(const struct hmmu *m, u32 near, u32 vma, u32 low, u32 high)
{
	const u32 may_differ = VM_READ | VM_WRITE | VM_SOFTDIRTY;
	const struct vma *n = vma_of(m, near), *v = vma_of(m, vma);
	const struct vma *l = vma_of(m, low), *h = vma_of(m, high);

	if (!near || !n->anon_vma || avc_of(m, n->avc_head)->same_vma_next)
		return 0;
	if (l->end != h->start || l->file != h->file || ((n->flags ^ v->flags) & ~may_differ))
		return 0;
	return h->pgoff == l->pgoff + vma_pages(l) ? n->anon_vma : 0;
}

static u32 find_mergeable_anon_vma(const struct hmmu *m, u32 vma)
{
	u32 next = vma_of(m, vma)->next, prev = vma_of(m, vma)->prev;
	u32 found = reusable_anon_vma(m, next, vma, vma, next);

	return found ? found : reusable_anon_vma(m, prev, vma, prev, vma);
}

/* The mapping joins the anon_vma of a neighbour, whose lock may have to be waited for. The fault of another task may have been
 * faster. Under the lock of its mapping a fault has just tried mmap_lock, which nobody notes: so it can't stop. */
static NOINLINE __attribute__((cold)) bool is_prepared_meanwhile(struct ctx *ctx, u32 vma)
{
	struct rmap_locks locks = { { rmap_of_anon_vma(find_mergeable_anon_vma(ctx->m, vma)) } };

	if (under_vma_lock(ctx))
		rmap_lock_press(ctx, locks, true);
	else
		rmap_lock_wait(ctx, locks, true);
	return vma_of(ctx->m, vma)->anon_vma;
}

int anon_vma_prepare_slow(struct ctx *ctx, u32 vma)
{
	struct hmmu *m = ctx->m;
	struct vma *v = vma_of(m, vma);
	u32 avc, anon_vma;

	if (m->stops && is_prepared_meanwhile(ctx, vma))
		return 0;
	avc = avc_alloc(m);
	if (!avc)
		return -ENOMEM;
	anon_vma = find_mergeable_anon_vma(m, vma);
	if (!anon_vma) {
		anon_vma = anon_vma_alloc(m);
		if (!anon_vma) {
			slab_free(m, SLAB_AVC, avc);
			return -ENOMEM;
		}
	}
	v->anon_vma = anon_vma;
	avc_link(m, avc, vma, anon_vma);
	anon_vma_of(m, anon_vma)->degree++;
	count_active(m, anon_vma, 1);
	return 0;
}

static u32 last_avc(const struct hmmu *m, u32 vma)
{
	u32 avc = vma_of(m, vma)->avc_head;

	while (avc && avc_of(m, avc)->same_vma_next)
		avc = avc_of(m, avc)->same_vma_next;
	return avc;
}

/* Reuse an anon_vma that has lost its own mapping. By its degree 4.14 can take one that still has it, but no child ("mm/
 * rmap: Fix anon_vma->degree ambiguity leading to double-reuse"). */
static bool may_be_reused(const struct hmmu *m, u32 anon_vma)
{
	const struct anon_vma *a = anon_vma_of(m, anon_vma);

	return a->degree < 2 && !(KERNEL >= V6_12 && a->active_vmas);
}

int anon_vma_clone(struct hmmu *m, u32 dst, u32 src)
{
	struct vma *d = vma_of(m, dst);

	for (u32 from = last_avc(m, src); from; from = avc_of(m, from)->same_vma_prev) {
		u32 anon_vma = avc_of(m, from)->anon_vma;
		u32 avc = avc_alloc(m);

		if (!avc) {
			d->anon_vma = 0;
			unlink_anon_vmas(m, dst);
			return -ENOMEM;
		}
		avc_link(m, avc, dst, anon_vma);
		if (!d->anon_vma && anon_vma != vma_of(m, src)->anon_vma && may_be_reused(m, anon_vma))
			d->anon_vma = anon_vma;
	}
	if (d->anon_vma) {
		anon_vma_of(m, d->anon_vma)->degree++;
		count_active(m, d->anon_vma, 1);
	}
	return 0;
}

int anon_vma_fork(struct hmmu *m, u32 vma, u32 parent)
{
	struct vma *v = vma_of(m, vma);
	u32 anon_vma, avc;
	int err;

	if (!vma_of(m, parent)->anon_vma)
		return 0;
	v->anon_vma = 0;
	err = anon_vma_clone(m, vma, parent);
	if (err || v->anon_vma)
		return err;
	anon_vma = anon_vma_alloc(m);
	avc = anon_vma ? avc_alloc(m) : 0;
	if (!avc) {
		if (anon_vma)
			put_anon_vma(m, anon_vma);
		unlink_anon_vmas(m, vma);
		return -ENOMEM;
	}
	anon_vma_of(m, anon_vma)->root = anon_vma_of(m, vma_of(m, parent)->anon_vma)->root;
	anon_vma_of(m, anon_vma)->parent = vma_of(m, parent)->anon_vma;
	get_anon_vma(m, anon_vma_of(m, anon_vma)->root);
	v->anon_vma = anon_vma;
	count_active(m, anon_vma, 1);
	avc_link(m, avc, vma, anon_vma);
	anon_vma_of(m, anon_vma_of(m, anon_vma)->parent)->degree++;
	return 0;
}

void unlink_anon_vmas(struct hmmu *m, u32 vma)
{
	struct vma *v = vma_of(m, vma);
	u32 next, kept = 0;

	for (u32 avc = v->avc_head; avc; avc = next) {
		u32 anon_vma = avc_of(m, avc)->anon_vma;

		next = avc_of(m, avc)->same_vma_next;
		tree_remove(m, avc);
		/* Empty anon_vmas are freed after all avcs, because their roots may be among them. */
		if (!anon_vma_of(m, anon_vma)->tree.node) {
			anon_vma_of(m, anon_vma_of(m, anon_vma)->parent)->degree--;
			avc_of(m, avc)->same_vma_next = kept;
			kept = avc;
			continue;
		}
		slab_free(m, SLAB_AVC, avc);
	}
	v->avc_head = 0;
	if (v->anon_vma) {
		anon_vma_of(m, v->anon_vma)->degree--;
		count_active(m, v->anon_vma, -1);
	}
	for (u32 avc = kept; avc; avc = next) {
		next = avc_of(m, avc)->same_vma_next;
		put_anon_vma(m, avc_of(m, avc)->anon_vma);
		slab_free(m, SLAB_AVC, avc);
	}
	v->anon_vma = 0;
}
