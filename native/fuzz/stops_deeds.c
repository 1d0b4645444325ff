/* SPDX-License-Identifier: GPL-2.0-only */
/* What happens beside the calls: at once, whatever the tasks are in. Much of it may be refused. */
#include <string.h>

#include "stops.h"

/* Three of four points; each of them in a program now and then. */
uint32_t stops_points_of(const struct fuzz_record *r)
{
	uint32_t known = 0, bits = (r->x | (uint32_t)r->count << 8) | (r->first | (uint32_t)r->y << 16);

#define X(name, bit, word, text) known |= HMMU_SWITCH_##name;
	HMMU_SWITCH_POINTS(X)
#undef X
	return bits & known;
}

void stops_unpin(struct stops *s)
{
	struct stops_made *made = &s->made;

	if (!made->nr_pins)
		return;
	if (hmmu_unpin(s->m, made->pins[0].pfn, made->pins[0].flags))
		stops_broken(s, "page %u can't be unpinned: %s", made->pins[0].pfn, hmmu_error(s->m)->text);
	memmove(made->pins, made->pins + 1, --made->nr_pins * sizeof(*made->pins));
}

static int deed_POINTS(struct stops *s, const struct fuzz_record *r)
{
	return hmmu_set_switch_points(s->m, stops_points_of(r));
}

static int deed_CPU(struct stops *s, const struct fuzz_record *r)
{
	return hmmu_task_set_cpu(s->m, stops_task_of(s, r->who)->tid, r->x % s->options.cpus);
}

static int deed_TASK(struct stops *s, const struct fuzz_record *r)
{
	return stops_new_task(s, stops_task_of(s, r->who)->pid);
}

/* A call that has stopped goes on; who waits otherwise gives up. So does a process that would have ended. */
static int deed_CANCEL(struct stops *s, const struct fuzz_record *r)
{
	struct stops_task *t = stops_task_of(s, r->who);

	if (t->state != STOPS_BLOCKED || t->handles)
		return 0;
	t->state = STOPS_IDLE;
	return hmmu_task_cancel(s->m, t->tid);
}

static int deed_UNPIN(struct stops *s, const struct fuzz_record *r)
{
	(void)r;
	stops_unpin(s);
	return 0;
}

static int deed_EVICT(struct stops *s, const struct fuzz_record *r)
{
	uint64_t src[8], dst[8];
	struct hmmu_builtin driver = { .to = HMMU_TO_SYSTEM };
	struct hmmu_device_range range = {
		.first = hmmu_device_base(s->m) + r->first % (s->options.device_pages + s->options.coherent_pages),
		.pages = 1 + r->count % 8u,
		.src = src,
		.dst = dst,
		.ops = &hmmu_builtin_ops,
		.data = &driver,
	};
	struct hmmu_migration *migration;
	int result = hmmu_migrate_device_begin(s->m, &range, &migration);

	if (result)
		return result;
	s->made.migrated = true;
	return hmmu_migrate_end(migration);
}

static int deed_REAP(struct stops *s, const struct fuzz_record *r)
{
	return r->x & 3 ? 0 : hmmu_oom_reap(s->m, stops_task_of(s, r->who)->pid);
}

static int deed_DRAIN(struct stops *s, const struct fuzz_record *r)
{
	(void)r;
	hmmu_lru_add_drain_all(s->m);
	return 0;
}

static int deed_LIMIT(struct stops *s, const struct fuzz_record *r)
{
	return hmmu_memcg_set_limit(s->m, r->x & 3 ? 0 : r->x);
}

static int deed_INJECT(struct stops *s, const struct fuzz_record *r)
{
	return hmmu_inject(s->m, r->x % HMMU_INJECTION_COUNT, r->y % 8, false);
}

static int go_back(struct stops *s)
{
	int result = hmmu_rollback(s->m);

	s->made = s->at_mark;
	if (!result && hmmu_hash(s->m) != s->hash_at_mark)
		stops_broken(s, "a rollback does not lead back to the mark");
	return result;
}

static int deed_MARK(struct stops *s, const struct fuzz_record *r)
{
	int result;

	if (!hmmu_marks(s->m)) {
		s->at_mark = s->made;
		s->hash_at_mark = hmmu_hash(s->m);
		return hmmu_mark(s->m);
	}
	result = r->x & 1 ? go_back(s) : 0;
	return result ? result : hmmu_mark_drop(s->m);
}

void stops_deed(struct stops *s, const struct fuzz_record *r)
{
	static int (*const deeds[])(struct stops *, const struct fuzz_record *) = {
#define X(name, ...) deed_##name,
		STOPS_DEEDS(X)
#undef X
	};

	stops_say("%s: who %u, count %u, first %u, x %u, y %u", stops_op_name(r->op), r->who, r->count, r->first, r->x,
		  r->y);
	stops_say_result(s->m, deeds[r->op - STOPS_CALL_COUNT](s, r));
}
