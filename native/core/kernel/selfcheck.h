/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file selfcheck.h
 * HMMU_SELFCHECK, a build for tests: each public call is made, rolled back, and made again. A rollback must leave the machine as it
 * was, byte for byte and by its state hash, and the second call must lead where the first one did. What is wrong counts as a bug of
 * the emulator, which hmmu_verify() reports. Functions of users that a call leads to run twice.
 *
 * A check looks at all that the machine uses. So of equal calls that follow each other on a large machine only some are checked, as
 * when each page of a huge page is written to.
 */
#ifndef HMMU_SELFCHECK_H
#define HMMU_SELFCHECK_H

#include <string.h>

#include "kernel/kernel.h"

#ifndef HMMU_SELFCHECK
#define HMMU_SELFCHECK 0
#endif

#if HMMU_SELFCHECK
#include "host/machine.h"

struct selfcheck {
	struct hmmu *m;
	bool on;
	u64 hash, state_hash; /**< before the call, and then after it */
};

static inline void selfcheck_look(struct selfcheck *check)
{
	check->hash = check->m->kernel->hash(check->m);
	if (check->m->kernel->state_hash(check->m, &check->state_hash))
		hmmu_bug(check->m, "selfcheck: there is no state hash");
}

static inline void selfcheck_compare(struct selfcheck *check, const char *bytes, const char *state)
{
	struct selfcheck now = { .m = check->m };

	selfcheck_look(&now);
	if (now.hash != check->hash)
		hmmu_bug(check->m, bytes);
	if (now.state_hash != check->state_hash)
		hmmu_bug(check->m, state);
}

#define SELFCHECK_SMALL 256u /* frames */
#define SELFCHECK_FRAMES 32u /* to be looked at for each call */

static inline u64 selfcheck_frames(const struct hmmu *m)
{
	u64 frames = private_high(m->st) + (u64)m->st->hugetlb_high * HPAGE_PMD_NR;

	for (u32 block = 0; block < m->st->next_block; block++)
		frames += m->block[block].fresh;
	return frames;
}

static inline bool selfcheck_is_due(struct hmmu *m, const char *name)
{
	u64 frames = selfcheck_frames(m);
	bool is_due = name != m->last_call || frames <= SELFCHECK_SMALL ||
		      ++m->calls_unchecked * SELFCHECK_FRAMES >= frames;

	m->last_call = name;
	if (is_due)
		m->calls_unchecked = 0;
	return is_due;
}

/* Marks are what is checked, and a search makes its own; verify() does not change the machine. Within callbacks there are no marks. */
static inline struct selfcheck selfcheck_begin(const struct hmmu *machine, bool looks, const char *name)
{
	struct selfcheck check = { .m = (struct hmmu *)machine };
	struct hmmu_error error = machine->error;

	if (looks ||
	    strstr("verify mark rollback mark_drop marks state_hash state_hash_with run search set_switch_points",
		   name) ||
	    strncmp(name, "search", 6) == 0 || !selfcheck_is_due(check.m, name) || check.m->kernel->mark(check.m)) {
		check.m->error = error;
		return check;
	}
	check.on = true;
	selfcheck_look(&check);
	return check;
}

static inline void selfcheck_back(struct selfcheck *check)
{
	struct selfcheck after = { .m = check->m };

	selfcheck_look(&after);
	if (check->m->kernel->rollback(check->m))
		hmmu_bug(check->m, "selfcheck: no rollback");
	selfcheck_compare(check, "selfcheck: a rollback leaves other bytes",
			  "selfcheck: a rollback leaves another state");
	after.on = true;
	*check = after;
}

static inline void selfcheck_end(struct selfcheck *check)
{
	struct hmmu_error error;

	if (!check->on)
		return;
	error = check->m->error;
	selfcheck_compare(check, "selfcheck: a call that is made again leads to other bytes",
			  "selfcheck: a call that is made again leads to another state");
	check->m->kernel->mark_drop(check->m);
	check->m->error = error;
}

/* A call that only looks takes a machine that is const. */
#define LOOKS_ONLY(m) _Generic((m), const struct hmmu * : true, default : false)
#define selfcheck(m, name, call) \
	struct selfcheck check __attribute__((cleanup(selfcheck_end))) = selfcheck_begin(m, LOOKS_ONLY(m), name); \
	if (check.on) { \
		(void)call; \
		selfcheck_back(&check); \
	}
#else
#define selfcheck(m, name, call)
#endif

#endif
