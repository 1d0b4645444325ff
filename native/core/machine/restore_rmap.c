/* SPDX-License-Identifier: GPL-2.0-only */
/* Restoring: anon_vmas with their chains, and files with their mappings. */
#include "host/platform.h"
#include "machine/check_interval_tree.h"
#include "machine/restore.h"

/* Check the chain of a mapping. Each link back is checked, so no avc is met twice. */
static bool check_chain_of_vma(struct check *c, u32 vma, u32 *total)
{
	const struct hmmu *m = c->m;
	u32 prev = 0;
	bool has_own = !vma_of(m, vma)->anon_vma;

	for (u32 avc = vma_of(m, vma)->avc_head; avc; prev = avc, avc = avc_of(m, avc)->same_vma_next) {
		const struct avc *a = avc_of(m, avc);

		if (!is_record(c, SLAB_AVC, avc) || a->vma != vma || a->same_vma_prev != prev ||
		    !is_record(c, SLAB_ANON_VMA, a->anon_vma))
			return refuse_snapshot(c, "mapping %u: its anon_vma_chain is broken at link %u", vma, avc);
		has_own |= a->anon_vma == vma_of(m, vma)->anon_vma;
		++*total;
	}
	return has_own ||
	       refuse_snapshot(c, "mapping %u: its anon_vma %u is not in its chain", vma, vma_of(m, vma)->anon_vma);
}

static bool is_avc_of(const void *check, u32 anon_vma, u32 avc)
{
	const struct check *c = check;
	const struct avc *a = avc_of(c->m, avc);

	return is_record(c, SLAB_AVC, avc) && a->anon_vma == anon_vma && node_has_range(c->m, &a->node, a->vma);
}

static bool check_tree_of_anon_vma(struct check *c, u32 anon_vma, u32 *total)
{
	struct tree_check tree = {
		.nodes = avc_nodes(c->m),
		.root = anon_vma_of(c->m, anon_vma)->tree,
		.high = c->m->st->slabs[SLAB_AVC].high,
		.is_member = is_avc_of,
		.data = c,
		.owner = anon_vma,
	};

	if (check_interval_tree(&tree) || !tree.count)
		return refuse_snapshot(c, "anon_vma %u: its tree of mappings is broken at link %u", anon_vma, tree.at);
	*total += tree.count;
	return true;
}

/* A root refers to itself. It has one reference of its own, and one of each descendant. */
static bool check_anon_vma(struct check *c, u32 anon_vma, const u32 *descendants)
{
	const struct anon_vma *a = anon_vma_of(c->m, anon_vma);

	if (!is_record(c, SLAB_ANON_VMA, a->root) || anon_vma_of(c->m, a->root)->root != a->root ||
	    !is_record(c, SLAB_ANON_VMA, a->parent) || a->locked || a->refcount != 1 + descendants[anon_vma])
		return refuse_snapshot(c, "anon_vma %u has root %u, parent %u, %u references and %u descendants",
				       anon_vma, a->root, a->parent, a->refcount, descendants[anon_vma]);
	return true;
}

static bool check_anon_vmas(struct check *c, u32 *descendants)
{
	const struct hmmu *m = c->m;
	u32 high = m->st->slabs[SLAB_ANON_VMA].high, linked = 0, listed = 0;

	for (u32 vma = 1; vma < m->st->slabs[SLAB_VMA].high; vma++)
		if (is_record(c, SLAB_VMA, vma) && !check_chain_of_vma(c, vma, &linked))
			return false;
	for (u32 anon_vma = 1; anon_vma < high; anon_vma++)
		if (is_record(c, SLAB_ANON_VMA, anon_vma) && anon_vma_of(m, anon_vma)->root < high)
			descendants[anon_vma_of(m, anon_vma)->root] += anon_vma_of(m, anon_vma)->root != anon_vma;
	for (u32 anon_vma = 1; anon_vma < high; anon_vma++)
		if (is_record(c, SLAB_ANON_VMA, anon_vma) &&
		    (!check_anon_vma(c, anon_vma, descendants) || !check_tree_of_anon_vma(c, anon_vma, &listed)))
			return false;
	if (linked != m->st->slabs[SLAB_AVC].used || listed != linked)
		return refuse_snapshot(c, "there are %u links to anon_vmas; mappings have %u, anon_vmas %u",
				       m->st->slabs[SLAB_AVC].used, linked, listed);
	return true;
}

/* The page cache reaches beyond the size only while a truncation waits. */
static bool check_size(struct check *c, u32 file)
{
	const struct file *f = file_of(c->m, file);
	const struct task *task = task_of(c->m, f->truncated_by);

	if (f->end > HMMU_TASK_SIZE >> PAGE_SHIFT || f->pages > f->end || (!f->truncated_by && f->pages < f->end))
		return refuse_snapshot(c, "file %u has a size of %llu pages, and its cache reaches to %llu", file,
				       (unsigned long long)f->pages, (unsigned long long)f->end);
	if (f->truncated_by && (!is_record(c, SLAB_TASK, f->truncated_by) || task->op != OP_TRUNCATE ||
				task->resume != RESUME_TRUNCATE || task->progress.result != file))
		return refuse_snapshot(c, "file %u is truncated by task %u, which does not", file, f->truncated_by);
	return true;
}

static bool is_mapping_of(const void *check, u32 file, u32 vma)
{
	const struct check *c = check;
	const struct vma *v = vma_of(c->m, vma);

	return is_record(c, SLAB_VMA, vma) && v->file == file && node_has_range(c->m, &v->node, vma) &&
	       v->kind == vma_of(c->m, file_of(c->m, file)->i_mmap.node)->kind;
}

static bool check_file(struct check *c, u32 file, bool closed, u32 truncations, u32 *total)
{
	const struct file *f = file_of(c->m, file);
	struct tree_check tree = {
		.nodes = i_mmap_nodes(c->m),
		.root = f->i_mmap,
		.high = c->m->st->slabs[SLAB_VMA].high,
		.is_member = is_mapping_of,
		.data = c,
		.owner = file,
	};

	if (!check_size(c, file))
		return false;
	if (check_interval_tree(&tree))
		return refuse_snapshot(c, "file %u: its tree of mappings is broken at mapping %u", file, tree.at);
	if (f->users != tree.count + truncations || !f->users != closed)
		return refuse_snapshot(c, "file %u has %u users; its tree has %u", file, f->users, tree.count);
	*total += tree.count;
	return true;
}

/* Mark the files that a task is to close. No file is met twice, so that the list ends. */
static bool check_task_works(struct check *c, u32 task, u64 *closed)
{
	for (u32 file = task_of(c->m, task)->task_works; file; file = file_of(c->m, file)->next)
		if (!is_record(c, SLAB_FILE, file) || !set_bit_once(closed, file))
			return refuse_snapshot(c, "task %u: its list of files to close is broken at file %u", task,
					       file);
	return true;
}

/* A truncation that waits has its file, unless it has only to close files. One of those that have a file truncates it. */
static bool count_truncation(struct check *c, u32 task, u32 *truncations)
{
	const struct task *t = task_of(c->m, task);
	u64 file = t->op == OP_TRUNCATE ? t->progress.result : 0;
	bool truncates = t->resume == RESUME_TRUNCATE;

	if (t->op != OP_TRUNCATE || (!file && t->resume == RESUME_TASK_WORK))
		return true;
	if (!file || t->resume == RESUME_TASK_WORK || file >= c->m->st->slabs[SLAB_FILE].high ||
	    !is_record(c, SLAB_FILE, (u32)file) || truncates != (file_of(c->m, (u32)file)->truncated_by == task))
		return refuse_snapshot(c, "task %u truncates file %llu", task, (unsigned long long)file);
	truncations[file]++;
	return true;
}

static bool check_files(struct check *c, u64 *closed, u32 *truncations)
{
	const struct hmmu *m = c->m;
	u32 have = 0, listed = 0;

	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		if (is_record(c, SLAB_TASK, task) &&
		    !(check_task_works(c, task, closed) && count_truncation(c, task, truncations)))
			return false;

	for (u32 vma = 1; vma < m->st->slabs[SLAB_VMA].high; vma++)
		have += is_record(c, SLAB_VMA, vma) && vma_of(m, vma)->file;
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		if (is_record(c, SLAB_FILE, file) &&
		    !check_file(c, file, bit_is_set(closed, file), truncations[file], &listed))
			return false;
	return have == listed || refuse_snapshot(c, "%u mappings have a file, and files list %u", have, listed);
}

bool check_reverse_maps(struct check *c)
{
	u32 *descendants = check_alloc(c, c->m->st->slabs[SLAB_ANON_VMA].high * sizeof(u32));
	u64 *closed = check_alloc(c, (c->m->st->slabs[SLAB_FILE].high / 64 + 1) * sizeof(u64));
	u32 *truncations = check_alloc(c, c->m->st->slabs[SLAB_FILE].high * sizeof(u32));
	bool good = descendants && closed && truncations && check_anon_vmas(c, descendants) &&
		    check_files(c, closed, truncations);

	platform_free(truncations);
	platform_free(descendants);
	platform_free(closed);
	return good;
}
