/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restores a machine from bytes of unknown origin. First the bytes are checked to be a whole snapshot. Then they are
 * put in place, and every number that is used as an index, a length or a link is checked (restore.h). Then verify()
 * runs.
 */
#include "machine/restore.h"

#include <errno.h>
#include <string.h>

#include "host/arena.h"
#include "host/platform.h"
#include "machine/create.h"
#include "machine/under_way.h"
#include "machine/verify.h"

/* Pieces are in ascending order. Behind those of the arena is none left out. */
static bool pieces_in_order(struct check *c, u64 arena_pieces, u64 pieces)
{
	for (u64 i = 0; i < pieces; i++) {
		bool behind = c->piece[i].number >= arena_pieces;

		if (behind && c->piece[i].number - arena_pieces != c->pieces_behind++)
			return false;
		if (i && c->piece[i].number <= c->piece[i - 1].number)
			return false;
	}
	c->pieces = pieces - c->pieces_behind;
	return true;
}

/* Whether the bytes have the form of a snapshot: the number of pieces fits the length, pieces are in order, the first one has
 * the arena's state, and the hash is right. */
static bool intact(struct check *c, const struct snapshot_header *header, size_t size)
{
	if (!header || size < sizeof(*header) + sizeof(*c->piece) || header->magic != SNAPSHOT_MAGIC)
		return refuse_snapshot(c, "the bytes are no snapshot, or one of another version");
	c->piece = (const struct piece *)(header + 1);
	if (header->pieces != (size - sizeof(*header)) / sizeof(*c->piece) ||
	    (size - sizeof(*header)) % sizeof(*c->piece) || c->piece[0].number)
		return refuse_snapshot(c, "it is not whole");
	if (!pieces_in_order(c, header->arena_bytes / PAGE_SIZE, header->pieces) || !c->pieces)
		return refuse_snapshot(c, "its pieces are out of order");
	return hash_of_pieces(c->piece, header->pieces) == header->hash || refuse_snapshot(c, "it is damaged");
}

/* Whether a saved arena has the layout of a newly made one. */
static bool same_layout(struct check *c, u64 arena_bytes, const struct state *saved, const struct state *fresh)
{
	bool same = arena_bytes == fresh->bytes && saved->bytes == fresh->bytes && saved->blocks == fresh->blocks &&
		    saved->no_contents == fresh->no_contents &&
		    !memcmp(saved->offsets, fresh->offsets, sizeof(fresh->offsets));

	for (int kind = 0; kind < NR_SLABS; kind++)
		same = same && saved->slabs[kind].offset == fresh->slabs[kind].offset &&
		       saved->slabs[kind].record == fresh->slabs[kind].record &&
		       saved->slabs[kind].capacity == fresh->slabs[kind].capacity;
	return same || refuse_snapshot(c, "it is of another version, or of a machine with other sizes than it says");
}

/** Checks that pieces are in used parts of the arena. */
struct parts_check {
	const struct check *c;
	u64 at; /**< pieces before are */
};

static void pass_pieces(void *data, u64 first, u64 end)
{
	struct parts_check *parts = data;
	const struct check *c = parts->c;

	while (parts->at < c->pieces && c->piece[parts->at].number >= first && c->piece[parts->at].number < end)
		parts->at++;
}

/* Code relies on unused parts being zero, so no piece may be there. */
static bool check_parts(struct check *c)
{
	struct parts_check parts = { .c = c };

	walk_parts(c->m, pass_pieces, &parts);
	return parts.at == c->pieces || refuse_snapshot(c, "it has something where nothing was ever used");
}

static bool check_arena(struct check *c)
{
	c->met = check_alloc(c, (ram_used(c->m) + 63) / 64 * sizeof(u64));
	return c->met && check_slabs(c) && check_unused(c) && check_blocks(c) && check_pages(c) && check_pool(c) &&
	       check_device(c) && check_lru(c) && check_page_cache(c) && check_swap(c) && check_mappings(c) &&
	       check_reverse_maps(c) && check_intervals(c) && check_under_way(c) && check_tasks(c) && check_tables(c) &&
	       check_pool_users(c);
}

/* Records of what is under way are made before they are checked. */
static bool fill_under_way(struct check *c)
{
	int err = read_under_way(c->m, c->piece + c->pieces, c->pieces_behind);

	if (err == -ENOMEM)
		return no_memory(c);
	return !err || refuse_snapshot(c, "its migrations and faults are not as they are written");
}

/* Fill the newly made machine from the snapshot. */
static bool fill(struct check *c)
{
	bool good;

	for (u64 i = 0; i < c->pieces; i++)
		memcpy((u8 *)c->m->st + c->piece[i].number * PAGE_SIZE, c->piece[i].bytes, PAGE_SIZE);
	take_over_state(c->m);
	good = check_state(c) && check_parts(c) && fill_under_way(c) && check_arena(c);
	for (int kind = 0; kind < NR_SLABS; kind++)
		platform_free(c->free[kind]);
	platform_free(c->met);
	platform_free(c->pool);
	platform_free(c->sources);
	platform_free(c->chain_of);
	platform_free(c->migrations_of);
	return good;
}

/* Its numbers are not trusted, so nothing may be freed by them. */
static void empty(struct check *c, const struct state *fresh)
{
	free_under_way(c->m);
	for (u64 i = 0; i < c->pieces; i++)
		memset((u8 *)c->m->st + c->piece[i].number * PAGE_SIZE, 0, PAGE_SIZE);
	*c->m->st = *fresh;
}

static void keep_first(void *data, const char *text)
{
	char *first = data;

	if (!first[0])
		snprintf(first, VERIFY_TEXT, "%s", text);
}

static bool verified(struct check *c, bool may_complain)
{
	char first[VERIFY_TEXT] = "";
	u32 too_few = 0;
	int complaints = verify_machine(c->m, keep_first, first, &too_few);

	if (complaints < 0)
		return no_memory(c);
	/* Such a page would be freed while it is mapped, and could then become a page table. */
	if (too_few)
		return refuse_snapshot(c, "page %u has fewer references than users", too_few);
	return may_complain || !complaints || refuse_snapshot(c, "%s", first);
}

static bool make_machine(struct check *c, const struct snapshot_header *header, bool may_complain)
{
	const struct state *saved = (const struct state *)c->piece[0].bytes;
	struct state fresh;
	int err = arena_create(c->m, saved);

	if (err)
		return err == -ENOMEM ? no_memory(c) : refuse_snapshot(c, "a size of its machine is out of range");
	fresh = *c->m->st;
	if (!same_layout(c, header->arena_bytes, saved, &fresh)) {
		arena_destroy(c->m);
		return false;
	}
	if (fill(c) && verified(c, may_complain))
		return true;
	empty(c, &fresh);
	arena_destroy(c->m);
	return false;
}

int hmmu_restore_with(const void *bytes, size_t size, uint32_t flags, struct hmmu **machine, struct hmmu_error *error)
{
	const struct snapshot_header *header = bytes;
	struct hmmu_error ignored;
	struct check c = { .error = error ? error : &ignored };

	if (flags & ~(u32)HMMU_RESTORE_UNVERIFIED) {
		*c.error = (struct hmmu_error){ .err = -EINVAL, .code = HMMU_ERR_INVALID_ARGUMENT };
		snprintf(c.error->text, sizeof(c.error->text), "flags %#x: UNVERIFIED is allowed", flags);
		return -EINVAL;
	}
	if (!intact(&c, header, size))
		return c.error->err;
	c.m = check_alloc(&c, sizeof(*c.m));
	if (!c.m || !make_machine(&c, header, flags & HMMU_RESTORE_UNVERIFIED)) {
		platform_free(c.m);
		return c.error->err;
	}
	c.m->kernel = &KERNEL_OPS;
	set_default_ops(c.m);
	*machine = c.m;
	return 0;
}
