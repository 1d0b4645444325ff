/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file mutants.h
 * Real snapshots with one word changed and the checksum mended: each is refused, or makes a machine that can be used to
 * its end. HMMU_MUTANTS says how many (1,000 by default), HMMU_MUTANT which one alone. A test of each kernel includes this.
 */
#ifndef HMMU_TEST_MUTANTS_H
#define HMMU_TEST_MUTANTS_H

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#if !defined(_WIN32)
#include <unistd.h>
#endif

#include "machine/snapshot.h"

/** The same numbers in every run: xorshift. */
struct random {
	uint64_t state;
};

static uint64_t next_random(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

static uint64_t below(struct random *r, uint64_t end)
{
	return (next_random(r) >> 11) % end;
}

static inline uint64_t map(struct rig *r, uint32_t kind, uint64_t pages)
{
	return map_at(r, 0, pages, kind, HMMU_PROT_READ | HMMU_PROT_WRITE);
}

/** A snapshot, and what a mutant needs to know of its machine. */
struct source {
	struct snapshot_header *header;
	size_t size;
	uint64_t books;      /**< pieces before those of frames */
	uint32_t numbers[6]; /**< at the ends of ranges of numbers */
};

static struct source source_of(struct rig *r)
{
	const struct hmmu *m = r->m;
	struct source s = { .numbers = { m->pfn_end, m->device_base, m->other_device_base, m->st->next_block * 512,
					 m->st->swap_high, m->st->slabs[SLAB_VMA].high } };

	s.header = snapshot_of(r->m, &s.size);
	while (((const struct piece *)(s.header + 1))[s.books].number * PAGE_SIZE < (uint64_t)(m->frames - (u8 *)m->st))
		s.books++;
	rig_discard(r);
	return s;
}

/* A number that is wrong in one of the ways in which numbers are. */
static uint64_t wrong_number(struct random *r, const struct source *s, uint64_t was)
{
	switch (below(r, 7)) {
	case 0:
		return was ^ 1ull << below(r, 32);
	case 1:
		return below(r, 20);
	case 2:
		return UINT64_MAX - below(r, 3);
	case 3:
		return s->numbers[below(r, 6)] + below(r, 3) - 1;
	case 4:
		return was + below(r, 3) - 1;
	case 5:
		return (was & 0xfff) | (s->numbers[below(r, 6)] + below(r, 3) - 1) << 12;
	default:
		return next_random(r);
	}
}

/* A 32-bit word of a piece that is not zero, of a few that are looked at. */
static uint32_t *some_word(struct random *r, const struct piece *piece)
{
	uint32_t *words = (uint32_t *)piece->bytes, *word = &words[below(r, PAGE_SIZE / sizeof(*words))];

	for (int i = 0; i < 64 && !*word; i++)
		word = &words[below(r, PAGE_SIZE / sizeof(*words))];
	return word;
}

static void mutate(struct random *r, const struct source *s, struct piece *pieces)
{
	/* Most changes are made in the books, few in frames, whose contents may be anything unless they are tables. */
	const struct piece *last = &pieces[s->header->pieces - 1];
	bool behind = last->number >= s->header->arena_bytes / PAGE_SIZE && below(r, 2);
	const struct piece *piece = behind ? last : &pieces[below(r, below(r, 4) ? s->books : s->header->pieces)];
	uint32_t *word = some_word(r, piece), *other = some_word(r, piece), was = *word;
	uint64_t wide = (uint64_t)word[0];

	if (below(r, 6) == 0) {
		*word = *other;
		*other = was;
	} else if (below(r, 4) == 0 && (uintptr_t)word % 8 == 0) {
		wide |= (uint64_t)word[1] << 32;
		wide = below(r, 4) ? wrong_number(r, s, wide) : wide ^ 1ull << below(r, 64);
		memcpy(word, &wide, sizeof(wide));
	} else {
		*word = (uint32_t)wrong_number(r, s, was);
	}
}

static void ignore(void *data, const char *text)
{
	(void)data;
	(void)text;
}

static void move_pages(struct hmmu *m, uint32_t tid, uint64_t start, uint64_t pages)
{
	uint64_t src[16], dst[16];

	for (uint32_t to = HMMU_TO_DEVICE; to <= HMMU_TO_SYSTEM; to++) {
		struct hmmu_builtin driver = { .to = to };
		struct hmmu_migrate_request request = {
			.tid = tid,
			.start = start,
			.end = start + PAGES(pages),
			.src = src,
			.dst = dst,
			.ops = &hmmu_builtin_ops,
			.data = &driver,
		};

		hmmu_migrate_vma(m, &request);
	}
}

static void use_mapping(struct hmmu *m, uint32_t pid, uint32_t tid, const struct hmmu_vma_info *v)
{
	uint64_t all = (v->end - v->start) / PAGE_SIZE, pages = all < 16 ? all : 16;
	struct hmmu_entry entries[16];
	uint8_t byte = 7;
	uint64_t moved;
	uint32_t pfn;

	hmmu_dump(m, pid, v->start, pages, entries);
	for (uint64_t i = 0; i < pages; i++) {
		hmmu_load(m, tid, v->start + PAGES(i), &byte, 1, NULL);
		hmmu_store(m, tid, v->start + PAGES(i), &byte, 1, NULL);
		if (entries[i].pfn && !hmmu_pin(m, tid, v->start + PAGES(i), HMMU_PIN_WRITE, &pfn))
			hmmu_unpin(m, pfn, 0);
		hmmu_release(m, entries[i].pfn);
		hmmu_putback(m, entries[i].pfn);
		hmmu_unpin(m, entries[i].pfn, 0);
		hmmu_unpin(m, entries[i].pfn, HMMU_PIN_DMA);
		if (!hmmu_pin(m, tid, v->start + PAGES(i), HMMU_PIN_DMA, &pfn))
			hmmu_unpin(m, pfn, HMMU_PIN_DMA);
	}
	hmmu_store(m, tid, v->end - 1, &byte, 1, NULL);
	move_pages(m, tid, v->start, pages);
	hmmu_uffd_writeprotect(m, tid, v->start, PAGES(pages), true);
	for (uint32_t advice = HMMU_MADV_POPULATE_READ; advice <= HMMU_MADV_COLLAPSE; advice++)
		hmmu_madvise(m, tid, v->start, PAGES(all < 512 ? all : 512), advice);
	hmmu_lru_add_drain_all(m);
	hmmu_reclaim(m, pid, v->start);
	hmmu_madvise(m, tid, v->start, PAGES(1), HMMU_MADV_FREE);
	if (all < 4096)
		hmmu_mlock(m, tid, v->start, v->end - v->start);
	hmmu_mprotect(m, tid, v->start, PAGES(1), HMMU_PROT_READ);
	hmmu_munlock(m, tid, v->start, v->end - v->start);
	hmmu_mremap(m, tid, v->start, PAGES(pages), PAGES(pages + 1), HMMU_MREMAP_MAYMOVE, 0, &moved);
	hmmu_madvise(m, tid, v->start, PAGES(pages), HMMU_MADV_DONTNEED);
}

/* The call that a task is blocked in, with what it has waited for. */
static void repeat_call(struct hmmu *m, uint32_t tid)
{
	const struct task t = *task_of(m, tid);
	const uint64_t *args = t.args;
	uint32_t number;
	uint64_t moved;

	if (t.wait == HMMU_WAIT_PAGE_LOCK)
		hmmu_release(m, t.wait_pfn);
	if (t.op == OP_MADVISE)
		hmmu_madvise(m, tid, args[0], args[1], (uint32_t)args[2]);
	else if (t.op == OP_MUNMAP)
		hmmu_munmap(m, tid, args[0], args[1]);
	else if (t.op == OP_PIN)
		hmmu_pin(m, tid, args[0], (uint32_t)args[1], &number);
	else if (t.op == OP_LOAD && args[1] == 1)
		hmmu_load(m, tid, args[0], &number, 1, NULL);
	else if (t.op == OP_MLOCK)
		hmmu_mlock(m, tid, args[0], args[1]);
	else if (t.op == OP_MREMAP)
		hmmu_mremap(m, tid, args[0], args[1], args[2], (uint32_t)args[3], args[4], &moved);
	else if (t.op == OP_FORK)
		hmmu_fork(m, tid, &number);
}

static void use_process(struct hmmu *m, uint32_t pid)
{
	struct hmmu_vma_info vmas[32];
	uint32_t tid = hmmu_process_task(m, pid), tids[16], child;
	int count = hmmu_vmas(m, pid, vmas, 32), tasks = hmmu_tasks(m, pid, tids, 16);
	struct hmmu_mm_counters counters;

	for (int i = 0; i < tasks && i < 16; i++) {
		struct hmmu_task_state state;

		hmmu_task_state(m, tids[i], &state);
		hmmu_munmap(m, tids[i], HMMU_TASK_SIZE - PAGES(1), PAGES(1));
		repeat_call(m, tids[i]);
		hmmu_task_cancel(m, tids[i]);
	}
	hmmu_mm_counters(m, pid, &counters);
	if (!hmmu_fork(m, tid, &child))
		hmmu_clear_soft_dirty(m, tid);
	for (int i = 0; i < count && i < 32; i++)
		use_mapping(m, pid, tid, &vmas[i]);
	hmmu_oom_reap(m, pid);
}

static void end_process(struct hmmu *m, uint32_t pid)
{
	struct hmmu_vma_info vmas[32];
	uint32_t tid = hmmu_process_task(m, pid);
	int count = hmmu_vmas(m, pid, vmas, 32);

	for (int i = 0; i < count && i < 32; i++)
		hmmu_munmap(m, tid, vmas[i].start, vmas[i].end - vmas[i].start);
	hmmu_exit(m, pid);
}

/* Half of them go on in steps, so that others run between. */
static void end_migrations(struct hmmu *m, uint64_t words[][2][16])
{
	static const struct hmmu_builtin driver = { .to = HMMU_TO_DEVICE };
	struct hmmu_migration *migrations[8];
	int count = hmmu_migrations(m, migrations, 8);

	for (int i = 0; i < count && i < 8; i++) {
		struct hmmu_migrate_request request;
		static uint8_t why[16];

		hmmu_migration_request(migrations[i], &request);
		if (request.end - request.start > PAGES(16))
			continue;
		request.src = words[i][0];
		request.dst = words[i][1];
		request.why = request.why ? why : NULL;
		request.ops = request.ops ? &hmmu_builtin_ops : NULL;
		request.data = (void *)&driver;
		if (hmmu_migrate_adopt(migrations[i], &request))
			continue;
		for (int step = 0; i % 2 && step < 5; step++)
			hmmu_migrate_step(migrations[i]);
		hmmu_migrate_end(migrations[i]);
	}
}

static void end_faults(struct hmmu *m, uint32_t pid)
{
	uint32_t tids[16];
	int tasks = hmmu_tasks(m, pid, tids, 16);

	for (int i = 0; i < tasks && i < 16; i++)
		hmmu_device_fault_end(m, tids[i], i % 2 ? -EIO : 0);
}

/* Everything that a caller would do with a machine, to the end of all processes. */
static void use(struct hmmu *m)
{
	struct hmmu_event events[64];
	uint32_t pids[16], pfn;
	uint64_t words[8][2][16];
	size_t size;
	int count = hmmu_processes(m, pids, 16);

	end_migrations(m, words);
	for (int i = 0; i < count && i < 16; i++)
		end_faults(m, pids[i]);
	hmmu_verify(m, ignore, NULL);
	hmmu_snapshot(m, NULL, 0, &size);
	hmmu_events_read(m, events, 64);
	for (int i = 0; i < count && i < 16; i++)
		use_process(m, pids[i]);
	for (int i = 0; i < 40; i++)
		hmmu_device_alloc(m, &pfn);
	for (int i = 0; i < 600; i++)
		hmmu_page_alloc(m, &pfn);
	hmmu_verify(m, ignore, NULL);
	count = hmmu_processes(m, pids, 16);
	for (int i = 0; i < count && i < 16; i++)
		end_process(m, pids[i]);
	hmmu_hash(m);
	hmmu_verify(m, ignore, NULL);
	hmmu_destroy(m);
}

/** How many mutants were refused, accepted if not verified, accepted. */
struct outcome {
	unsigned refused, unverified, accepted;
};

/* A migration that stands at @stage, a little further; others may stand elsewhere. */
static inline void migrate_up_to(struct rig *r, uint32_t tid, uint64_t address, uint64_t pages, uint32_t stage)
{
	static uint64_t src[16], dst[16];
	static uint8_t why[16];
	static struct hmmu_builtin driver = { .to = HMMU_TO_DEVICE };
	struct hmmu_migrate_request request = request_for(r, address, pages);
	struct hmmu_migration *mig;

	request.tid = tid;
	request.src = src;
	request.dst = dst;
	request.why = why;
	request.data = &driver;
	assert_ok(hmmu_migrate_begin(r->m, &request, &mig));
	if (stage != HMMU_STAGE_COLLECT)
		assert_ok(hmmu_migrate_run(mig, stage - 1));
	for (int i = 0; i < 3; i++)
		hmmu_migrate_step(mig);
}

/** Migrations that stand in several stages, a task that waits for one, and one that waits for the handler of its device fault. */
static inline struct rig *migrations_under_way(uint32_t profile, uint32_t first_stage)
{
	struct rig *r = open_rig(.profile = profile, .ram_pages = 512, .device_pages = 40);
	uint64_t buf = map_anon(r, 24), device = map_anon(r, 2);
	uint32_t child, faulter = new_task(r, r->pid), waiter = new_task(r, r->pid);

	r->select = profile ? HMMU_SELECT_SYSTEM : 0;
	write_pages(r, buf, 22, 1);
	write_pages(r, device, 1, 1);
	assert_ok(migrate(r, device, 1, HMMU_TO_DEVICE));
	child = do_fork_of(r, r->tid);
	migrate_up_to(r, r->tid, buf, 8, first_stage);
	migrate_up_to(r, new_task(r, r->pid), buf + PAGES(8), 6, HMMU_STAGE_UNMAP);
	migrate_up_to(r, hmmu_process_task(r->m, child), buf + PAGES(16), 8, HMMU_STAGE_PAGES);
	assert_int_equal(store(r, waiter, buf + PAGES(9), 1), -EAGAIN);
	assert_ok(hmmu_set_switch_points(r->m, HMMU_SWITCH_DEVICE_FAULT));
	assert_int_equal(load(r, faulter, device, NULL), -EAGAIN);
	return r;
}

static void try_mutant(const struct source *s, unsigned number, struct outcome *outcome)
{
	struct random r = { (number + 1) * 0x9e3779b97f4a7c15ull };
	struct snapshot_header *mutant = malloc(s->size);
	struct piece *pieces = (struct piece *)(mutant + 1);
	struct hmmu *m = NULL;

	assert_non_null(mutant);
	memcpy(mutant, s->header, s->size);
	mutate(&r, s, pieces);
	mutant->hash = hash_of_pieces(pieces, mutant->pieces);
	if (!hmmu_restore_with(mutant, s->size, 0, &m, NULL))
		outcome->accepted++;
	else if (!hmmu_restore_with(mutant, s->size, HMMU_RESTORE_UNVERIFIED, &m, NULL))
		outcome->unverified++;
	else
		outcome->refused++;
	free(mutant);
	if (m)
		use(m);
}

/* One after the other, of each machine in turn. */
static void try_mutants(const struct source *sources, unsigned count)
{
	const char *many = getenv("HMMU_MUTANTS"), *one = getenv("HMMU_MUTANT");
	unsigned end = many ? (unsigned)atoi(many) : 1000, first = one ? (unsigned)atoi(one) : 0;
	struct outcome outcome = { 0 };

	for (unsigned i = first; i < (one ? first + 1 : end); i++) {
#if !defined(_WIN32)
		alarm(30); /* one that hangs */
#endif
		if (getenv("HMMU_MUTANT_TRACE"))
			fprintf(stderr, "mutant %u\n", i);
		try_mutant(&sources[i % count], i, &outcome);
	}
#if !defined(_WIN32)
	alarm(0);
#endif
	printf("mutants: %u refused, %u accepted without verify(), %u accepted\n", outcome.refused, outcome.unverified,
	       outcome.accepted);
}

/* The machines themselves are accepted, so that a mutant is refused for what was changed. */
static void accept_sources(const struct source *sources, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct hmmu_error error = { 0 };
		struct hmmu *m;

		if (hmmu_restore_with(sources[i].header, sources[i].size, 0, &m, &error))
			fail_msg("source %u: %s", i, error.text);
		use(m);
	}
}

/* What one kernel has in memory and the other never has: a snapshot whose profile was changed is refused. */
static void refuse_other_profile(const struct source *sources, unsigned count, uint32_t profile)
{
	for (unsigned i = 0; i < count; i++) {
		struct piece *pieces = (struct piece *)(sources[i].header + 1);
		struct state *state = (struct state *)pieces[0].bytes;
		const uint32_t was = state->profile, quirks = state->quirks;
		const uint64_t hash = sources[i].header->hash;
		struct hmmu *m;

		state->profile = profile;
		state->quirks = 0;
		sources[i].header->hash = hash_of_pieces(pieces, sources[i].header->pieces);
		if (!hmmu_restore(sources[i].header, sources[i].size, &m))
			fail_msg("source %u passes for a machine of profile %u", i, profile);
		state->profile = was;
		state->quirks = quirks;
		sources[i].header->hash = hash;
	}
}

static void free_sources(const struct source *sources, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(sources[i].header);
}

#endif
