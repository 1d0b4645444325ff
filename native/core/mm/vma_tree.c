/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mappings of an address space by address: a treap, whose balance comes from a hash of the slot number and so is
 * the same in every run, besides the list that links neighbours.
 */
#include "mm/mm.h"
#include "mm/vma.h"

u32 vma_priority(u32 vma)
{
	u32 hash = vma * 0x9e3779b1u;

	return hash ^ hash >> 15;
}

/* Split a tree at an address into mappings that start below and the others. */
static void treap_split(struct hmmu *m, u32 tree, u64 start, u32 *low, u32 *high)
{
	while (tree) {
		if (vma_of(m, tree)->start < start) {
			*low = tree;
			low = &vma_of(m, tree)->right;
			tree = *low;
		} else {
			*high = tree;
			high = &vma_of(m, tree)->left;
			tree = *high;
		}
	}
	*low = 0;
	*high = 0;
}

static u32 treap_join(struct hmmu *m, u32 low, u32 high)
{
	u32 root = 0, *hook = &root;

	while (low && high) {
		if (vma_priority(low) > vma_priority(high)) {
			*hook = low;
			hook = &vma_of(m, low)->right;
			low = *hook;
		} else {
			*hook = high;
			hook = &vma_of(m, high)->left;
			high = *hook;
		}
	}
	*hook = low ? low : high;
	return root;
}

static u32 find_prev(const struct hmmu *m, u32 mm, u64 start)
{
	u32 prev = 0;

	for (u32 v = mm_of(m, mm)->tree; v;) {
		if (vma_of(m, v)->start < start) {
			prev = v;
			v = vma_of(m, v)->right;
		} else {
			v = vma_of(m, v)->left;
		}
	}
	return prev;
}

void vma_tree_insert(struct hmmu *m, u32 vma)
{
	struct vma *v = vma_of(m, vma);
	struct mm *mm = mm_of(m, v->mm);
	u32 *hook = &mm->tree;

	m->moved_mappings++;
	v->prev = find_prev(m, v->mm, v->start);
	v->next = v->prev ? vma_of(m, v->prev)->next : mm->mmap;
	if (v->prev)
		vma_of(m, v->prev)->next = vma;
	else
		mm->mmap = vma;
	if (v->next)
		vma_of(m, v->next)->prev = vma;
	while (*hook && vma_priority(*hook) >= vma_priority(vma))
		hook = vma_of(m, *hook)->start < v->start ? &vma_of(m, *hook)->right : &vma_of(m, *hook)->left;
	treap_split(m, *hook, v->start, &v->left, &v->right);
	*hook = vma;
	mm->map_count++;
}

void vma_tree_remove(struct hmmu *m, u32 vma)
{
	struct vma *v = vma_of(m, vma);
	struct mm *mm = mm_of(m, v->mm);
	u32 *hook = &mm->tree;

	while (*hook != vma)
		hook = vma_of(m, *hook)->start < v->start ? &vma_of(m, *hook)->right : &vma_of(m, *hook)->left;
	*hook = treap_join(m, v->left, v->right);
	if (v->prev)
		vma_of(m, v->prev)->next = v->next;
	else
		mm->mmap = v->next;
	if (v->next)
		vma_of(m, v->next)->prev = v->prev;
	mm->map_count--;
	lookup_of(m, v->mm)->vma = 0;
	m->moved_mappings++;
}

u32 find_vma_slow(const struct hmmu *m, u32 mm, u64 address)
{
	u32 found = 0;

	for (u32 v = mm_of(m, mm)->tree; v;) {
		if (vma_of(m, v)->end > address) {
			found = v;
			if (vma_of(m, v)->start <= address)
				break;
			v = vma_of(m, v)->left;
		} else {
			v = vma_of(m, v)->right;
		}
	}
	if (found)
		lookup_of(m, mm)->vma = found;
	return found;
}

u32 vma_last(const struct hmmu *m, u32 mm)
{
	u32 v = mm_of(m, mm)->tree;

	while (v && vma_of(m, v)->right)
		v = vma_of(m, v)->right;
	return v;
}
