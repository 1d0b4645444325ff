/* SPDX-License-Identifier: GPL-2.0-only */
/* verify(): free lists, the device's bitmap, and the trees by which reverse maps find mappings. */
#include "host/platform.h"
#include "machine/check_interval_tree.h"
#include "machine/verify.h"
#include "mm/mm.h"

/* Frames of a block that the allocator would hand out: those on its list, and those never used. */
static u32 free_in_block(struct verify *v, u32 index)
{
	struct hmmu *m = v->m;
	const struct block *block = &m->block[index];
	u32 size = m->st->ram_pages - index * HPAGE_PMD_NR, count = 0;

	if (size > HPAGE_PMD_NR)
		size = HPAGE_PMD_NR;
	for (u32 pfn = block->free_head; pfn && count <= size; pfn = page_of(m, pfn)->next, count++) {
		if (pfn / HPAGE_PMD_NR != index || !page_test(m, pfn, HMMU_PG_BUDDY)) {
			complain(v, "allocator: frame %u is on the free list of block %u and not free", pfn, index);
			break;
		}
	}
	return count + (block->fresh < size ? size - block->fresh : 0);
}

/* Count the blocks on a list of blocks. */
static u32 blocks_on_list(const struct hmmu *m, u32 head)
{
	u32 count = 0;

	for (u32 next = head; next && count <= m->st->blocks; next = m->block[next - 1].next)
		count++;
	return count;
}

static void verify_blocks(struct verify *v)
{
	const struct hmmu *m = v->m;
	u32 partial = 0, whole = 0;

	for (u32 index = 0; index < m->st->next_block; index++) {
		u32 listed = free_in_block(v, index), counted = m->block[index].free_count;

		if (listed != counted)
			complain(v, "allocator: block %u has %u free frames, its counter says %u", index, listed,
				 counted);
		whole += counted == HPAGE_PMD_NR && m->block[index].free_head;
		partial += counted && !(counted == HPAGE_PMD_NR && m->block[index].free_head);
	}
	if (blocks_on_list(m, m->st->partial_head) != partial || blocks_on_list(m, m->st->whole_head) != whole)
		complain(v,
			 "allocator: %u blocks are in use and have free frames and %u are free; the lists have %u and "
			 "%u",
			 partial, whole, blocks_on_list(m, m->st->partial_head), blocks_on_list(m, m->st->whole_head));
}

/* Marks in the words of the bitmap that have pages which were used, of those that begin with @first. Words before @*next are counted. */
static u32 count_marks(const struct hmmu *m, u32 first, u32 used, u32 *next)
{
	u32 marks = 0, end = used ? (first + used + 63) / 64 : 0;

	for (u32 word = first / 64 > *next ? first / 64 : *next; word < end; word++, *next = word)
		marks += (u32)__builtin_popcountll(m->device_bitmap[word]);
	return marks;
}

static void verify_device_mark(struct verify *v, u32 index)
{
	const struct hmmu *m = v->m;
	bool marked = device_in_use(m, index), in_use = page_of(m, m->device_base + index)->count > FREE_DEVICE_REFS;
	u32 device = device_of_index(m, index);

	if (marked != in_use)
		complain(v, "device page %u is %s, and marked as %s", index, in_use ? "in use" : "free",
			 marked ? "in use" : "free");
	else if (marked && device == HMMU_MAX_DEVICES)
		complain(v, "device page %u is in use, and of no device", index);
	else if (!marked && device < HMMU_MAX_DEVICES && index < m->st->devices[device].hint)
		complain(v, "device page %u is free, and would not be found", index);
}

static void verify_device_bitmap(struct verify *v)
{
	const struct hmmu *m = v->m;
	u32 used = devices_used(m, HMMU_DEVICE_PRIVATE) + devices_used(m, HMMU_DEVICE_COHERENT), next = 0, marks;

	for (u32 i = 0; i < HMMU_MAX_DEVICES; i++) {
		const struct device *device = &m->st->devices[i];
		u32 in_use = device_pages_in_use(m, device->first, device->end);

		if (in_use + device->free != device_size(device))
			complain(v, "device %u: %u pages are in use, %u are free, of %u", i, in_use, device->free,
				 device_size(device));
	}
	marks = count_marks(m, 0, private_high(m->st), &next);
	marks += count_marks(m, m->st->device_pages, coherent_high(m->st), &next);
	if (marks != used)
		complain(v, "devices: %u pages are marked as in use, the counters say %u", marks, used);
	for (u32 i = 0; i < private_high(m->st); i++)
		verify_device_mark(v, i);
	for (u32 i = 0; i < coherent_high(m->st); i++)
		verify_device_mark(v, m->st->device_pages + i);
}

static void verify_tree(struct verify *v, struct tree_check *tree, const char *kind)
{
	enum tree_fault fault = check_interval_tree(tree);

	if (fault == TREE_IS_OUT_OF_ORDER)
		complain(v, "%s %u: its tree of mappings is out of order", kind, tree->owner);
	else if (fault)
		complain(v, "%s %u: its tree of mappings is broken", kind, tree->owner);
}

static bool is_avc_of_anon_vma(const void *machine, u32 anon_vma, u32 avc)
{
	const struct avc *a = avc_of(machine, avc);

	return a->anon_vma == anon_vma && node_has_range(machine, &a->node, a->vma);
}

static void verify_anon_vma(struct verify *v, u32 anon_vma, u32 mappings)
{
	struct tree_check tree = {
		.nodes = avc_nodes(v->m),
		.root = anon_vma_of(v->m, anon_vma)->tree,
		.high = v->m->st->slabs[SLAB_AVC].high,
		.is_member = is_avc_of_anon_vma,
		.data = v->m,
		.owner = anon_vma,
	};

	verify_tree(v, &tree, "anon_vma");
	if (tree.count != mappings)
		complain(v, "anon_vma %u: %u mappings know it, its tree has %u", anon_vma, mappings, tree.count);
}

static void verify_size(struct verify *v, u32 file)
{
	const struct file *f = file_of(v->m, file);
	const struct task *task = task_of(v->m, f->truncated_by);

	if (f->truncated_by && (task->op != OP_TRUNCATE || task->progress.result != file))
		complain(v, "file %u is truncated by task %u, which does not", file, f->truncated_by);
	if (f->truncated_by ? f->end < f->pages : f->end != f->pages)
		complain(v, "file %u has %llu pages, and its cache reaches to %llu", file, (unsigned long long)f->pages,
			 (unsigned long long)f->end);
}

static bool is_mapping_of_file(const void *machine, u32 file, u32 vma)
{
	const struct vma *v = vma_of(machine, vma);

	return v->file == file && node_has_range(machine, &v->node, vma);
}

static void verify_file(struct verify *v, u32 file, u32 mappings, u32 truncations)
{
	const struct hmmu *m = v->m;
	struct tree_check tree = {
		.nodes = i_mmap_nodes(m),
		.root = file_of(m, file)->i_mmap,
		.high = m->st->slabs[SLAB_VMA].high,
		.is_member = is_mapping_of_file,
		.data = m,
		.owner = file,
	};

	verify_size(v, file);
	verify_tree(v, &tree, "file");
	if (tree.count != mappings || file_of(m, file)->users != mappings + truncations)
		complain(v, "file %u: %u mappings and %u truncations have it, its tree has %u, its counter says %u",
			 file, mappings, truncations, tree.count, file_of(m, file)->users);
}

/* The files that a task is to close: nobody maps them, and it is in the call that does it. Returns their number. */
static u32 verify_task_works(struct verify *v, u32 task, const u32 *files)
{
	const struct hmmu *m = v->m;
	u32 count = 0;

	for (u32 file = task_of(m, task)->task_works; file && count < m->st->slabs[SLAB_FILE].used; count++) {
		if (files[file] || file_of(m, file)->users)
			complain(v, "task %u closes file %u, which %u mappings have", task, file, files[file]);
		file = file_of(m, file)->next;
	}
	if (count && !task_of(m, task)->op)
		complain(v, "task %u has files to close, and is in no call", task);
	return count;
}

/* Tasks with a reference to a file: one truncates it, others wait for that. */
static void count_truncations(const struct hmmu *m, u32 *truncations)
{
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++) {
		u64 file = task_of(m, task)->progress.result;

		if (task_of(m, task)->op == OP_TRUNCATE && file < m->st->slabs[SLAB_FILE].high)
			truncations[file]++;
	}
}

/* What all mappings of all processes refer to, counted by a function. */
static void count_references(const struct hmmu *m, u32 *anon_vmas, u32 *files)
{
	for (u32 mm = 1; mm < m->st->slabs[SLAB_MM].high; mm++) {
		if (!mm_exists(m, mm))
			continue;
		for (u32 vma = mm_of(m, mm)->mmap; vma; vma = vma_of(m, vma)->next) {
			files[vma_of(m, vma)->file]++;
			for (u32 avc = vma_of(m, vma)->avc_head; avc; avc = avc_of(m, avc)->same_vma_next)
				anon_vmas[avc_of(m, avc)->anon_vma]++;
		}
	}
}

static void verify_reverse_maps(struct verify *v, u32 *anon_vmas, u32 *files, u32 *truncations)
{
	const struct hmmu *m = v->m;
	u32 known = 0;

	count_references(m, anon_vmas, files);
	count_truncations(m, truncations);
	for (u32 anon_vma = 1; anon_vma < m->st->slabs[SLAB_ANON_VMA].high; anon_vma++)
		if (anon_vmas[anon_vma])
			verify_anon_vma(v, anon_vma, anon_vmas[anon_vma]);
	for (u32 file = 1; file < m->st->slabs[SLAB_FILE].high; file++)
		if (files[file] || truncations[file]) {
			verify_file(v, file, files[file], truncations[file]);
			known++;
		}
	for (u32 task = 1; task < m->st->slabs[SLAB_TASK].high; task++)
		known += verify_task_works(v, task, files);
	if (known != m->st->slabs[SLAB_FILE].used)
		complain(v, "%u files are mapped or being closed, but there are %u", known,
			 m->st->slabs[SLAB_FILE].used);
}

void verify_lists(struct verify *v)
{
	const struct hmmu *m = v->m;
	u32 *anon_vmas = platform_alloc(m->st->slabs[SLAB_ANON_VMA].high * sizeof(u32));
	u32 *files = platform_alloc(m->st->slabs[SLAB_FILE].high * sizeof(u32));
	u32 *truncations = platform_alloc(m->st->slabs[SLAB_FILE].high * sizeof(u32));

	verify_blocks(v);
	verify_device_bitmap(v);
	if (anon_vmas && files && truncations)
		verify_reverse_maps(v, anon_vmas, files, truncations);
	else
		complain(v, "the host has no memory to look at the reverse maps");
	platform_free(anon_vmas);
	platform_free(files);
	platform_free(truncations);
}
