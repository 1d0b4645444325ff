/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls of tasks. A task whose call is blocked can repeat this call, with equal arguments; each other call is refused and
 * changes nothing. A random program would hardly ever repeat a call, so the target remembers it and does that instead.
 */
#include "fuzz.h"

enum {
	CHEAP_PAGES = 4096, /**< the hash of a larger machine takes too long */
};

bool is_call(uint8_t op)
{
	switch (op) {
	case FUZZ_OP_MAP:
	case FUZZ_OP_UNMAP:
	case FUZZ_OP_PROTECT:
	case FUZZ_OP_ADVISE:
	case FUZZ_OP_LOCK:
	case FUZZ_OP_UNLOCK:
	case FUZZ_OP_CLEAR:
	case FUZZ_OP_UFFD:
	case FUZZ_OP_STORE:
	case FUZZ_OP_LOAD:
	case FUZZ_OP_PIN:
	case FUZZ_OP_FORK:
	case FUZZ_OP_MIGRATE:
	case FUZZ_OP_BEGIN:
	case FUZZ_OP_MREMAP:
	case FUZZ_OP_RANGE_FAULT:
	case FUZZ_OP_MIRROR:
	case FUZZ_OP_EXCLUSIVE:
	case FUZZ_OP_TRUNCATE:
		return true;
	default:
		return false;
	}
}

static struct fuzz_call resolve(const struct world *w, const struct fuzz_record *r)
{
	uint64_t to = w->regions[(r->y >> 3) % w->nr_regions].address + (r->y & 128 ? HMMU_PAGE_SIZE * r->x : 0);

	return (struct fuzz_call){ .record = *r, .tid = record_tid(w, r), .range = record_range(w, r), .to = to };
}

void forget_blocked(struct world *w, uint32_t tid)
{
	w->blocked[tid % MAX_TIDS].tid = 0;
}

/* The call in which the task is blocked; NULL if it waits for nothing, or the program has not made the call. */
static const struct fuzz_call *blocked_call(const struct world *w, uint32_t tid)
{
	const struct fuzz_call *call = &w->blocked[tid % MAX_TIDS];
	struct hmmu_task_state state;

	if (call->tid != tid || hmmu_task_state(w->m, tid, &state) || state.wait == HMMU_WAIT_NOTHING)
		return NULL;
	return call;
}

static void make_call(struct world *w, struct fuzz_call call)
{
	forget_blocked(w, call.tid);
	w->call = &call;
	w->code = NO_RESULT;
	run_op(w, &call.record);
	w->call = NULL;
	call.repeated = true;
	if (w->code == HMMU_ERR_BLOCKED)
		w->blocked[call.tid % MAX_TIDS] = call;
}

static uint8_t call_kind(const struct fuzz_call *call)
{
	return call->record.op == FUZZ_OP_BEGIN ? FUZZ_OP_MIGRATE : call->record.op;
}

/* Whether the two differ for certain. It is enough to know that of most: by the call, where it begins or how far it
 * goes. */
static bool differ(const struct fuzz_call *a, const struct fuzz_call *b)
{
	if (call_kind(a) != call_kind(b))
		return true;
	switch (call_kind(a)) {
	case FUZZ_OP_MAP:
	case FUZZ_OP_CLEAR:
	case FUZZ_OP_FORK:
		return false;
	case FUZZ_OP_UNMAP:
	case FUZZ_OP_LOCK:
	case FUZZ_OP_UNLOCK:
	case FUZZ_OP_UFFD:
		return a->range.address != b->range.address || a->range.pages != b->range.pages;
	case FUZZ_OP_PROTECT:
		return a->range.address != b->range.address || a->record.x % 4 != b->record.x % 4;
	default:
		return a->range.address != b->range.address;
	}
}

/* What a kernel does not have at all is told first, as arguments that are never right are. */
static bool may_be_unknown(const struct fuzz_call *call)
{
	return call->record.op == FUZZ_OP_UFFD || call->record.op == FUZZ_OP_ADVISE ||
	       call->record.op >= FUZZ_OP_RANGE_FAULT;
}

/* Arguments that are never right are told first. */
static void make_refused_call(struct world *w, struct fuzz_call call)
{
	const struct fuzz_call blocked = *blocked_call(w, call.tid);
	bool cheap = w->pages <= CHEAP_PAGES;
	uint64_t before = cheap ? hmmu_hash(w->m) : 0;

	make_call(w, call);
	w->blocked[call.tid % MAX_TIDS] = blocked;
	if (w->code == HMMU_ERR_SYSCALL && may_be_unknown(&call))
		w->code = HMMU_ERR_INVALID_ARGUMENT;
	if (w->code != HMMU_ERR_BUSY && w->code != HMMU_ERR_INVALID_ARGUMENT && w->code != NO_RESULT)
		broken(w, "task %u is blocked in operation %u, but operation %u ends with code %u", call.tid,
		       blocked.record.op, call.record.op, w->code);
	if (cheap && hmmu_hash(w->m) != before)
		broken(w, "operation %u of a blocked task is refused, but changes the machine", call.record.op);
}

static void repeat_call(struct world *w, struct fuzz_call call)
{
	make_call(w, call);
	if (w->code == HMMU_ERR_BUSY)
		broken(w, "task %u can't repeat operation %u, in which it is blocked", call.tid, call.record.op);
}

void run_call(struct world *w, const struct fuzz_record *r)
{
	struct fuzz_call call = resolve(w, r);
	const struct fuzz_call *blocked = blocked_call(w, call.tid);

	if (blocked && !(r->who & FUZZ_OTHER_CALL))
		repeat_call(w, *blocked);
	else if (blocked && differ(blocked, &call))
		make_refused_call(w, call);
	else
		make_call(w, call);
}
