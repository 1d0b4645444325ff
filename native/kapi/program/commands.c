/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of processes and threads. All run on the thread of their task, where other calls go on while one waits. */
#include <errno.h>
#include <string.h>

#include "program/values.h"
#include "program/world.h"

/* A call of the machine waits: others run until it is to be repeated. */
static bool waits(const struct world *world, uint32_t tid, int err)
{
	if (err != -EAGAIN || hmmu_error(world->m)->code != HMMU_ERR_BLOCKED)
		return false;
	kapi_block(tid);
	return true;
}

/** A command under way. */
struct step {
	struct world *world;
	struct actor *actor;
	const struct command *c;
	struct outcome *outcome;
	uint64_t address;
	uint64_t bytes;
};

static long run_map(struct step *s)
{
	struct region *region = &s->world->regions[s->c->other];
	const struct hmmu_map map = {
		.address = region->address, .pages = s->c->number, .kind = s->c->kind, .prot = s->c->flags
	};
	int err;

	do
		err = hmmu_mmap(s->world->m, s->actor->tid, &map, &region->address);
	while (waits(s->world, s->actor->tid, err));
	if (!err)
		region->pages = map.pages;
	return err;
}

static long run_unmap(struct step *s)
{
	int err;

	do
		err = hmmu_munmap(s->world->m, s->actor->tid, s->address, s->bytes);
	while (waits(s->world, s->actor->tid, err));
	return err;
}

static long run_protect(struct step *s)
{
	int err;

	do
		err = hmmu_mprotect(s->world->m, s->actor->tid, s->address, s->bytes, s->c->flags);
	while (waits(s->world, s->actor->tid, err));
	return err;
}

static long run_advise(struct step *s)
{
	int err;

	do
		err = hmmu_madvise(s->world->m, s->actor->tid, s->address, s->bytes, s->c->flags);
	while (waits(s->world, s->actor->tid, err));
	return err;
}

/* A signal ends loads and stores that a CPU can't do. */
static long signal_of(struct step *s, long err)
{
	if (err)
		s->outcome->word = hmmu_error(s->world->m)->code == HMMU_ERR_SIGBUS ? "SIGBUS" : "SIGSEGV";
	return err;
}

static long run_store(struct step *s)
{
	uint64_t number = value_number(s->world, &s->c->value);
	long err = 0;

	for (uint64_t at = 0; at < s->bytes && !err; at += PAGE, number += s->c->step) {
		err = kapi_store(s->actor->tid, s->address + at, &number, s->c->type.size);
		kapi_yield();
	}
	return signal_of(s, err);
}

/* One item of each page, or items in a row. */
static long run_load(struct step *s)
{
	uint64_t count = s->c->number ? s->c->number : s->bytes / PAGE;
	uint64_t distance = s->c->number ? s->c->type.size : PAGE;
	uint64_t *items = allocate(count, sizeof(*items));
	long err = 0;

	s->outcome->items = items;
	for (uint64_t i = 0; i < count && !err; i++) {
		unsigned char bytes[8];

		err = kapi_load(s->actor->tid, s->address + i * distance, bytes, s->c->type.size);
		if (!err)
			items[s->outcome->item_count++] = type_get(s->c->type, bytes);
		kapi_yield();
	}
	return signal_of(s, err);
}

static long run_kind(struct step *s)
{
	uint64_t count = s->bytes / PAGE;
	uint64_t *items = allocate(count, sizeof(*items));
	struct hmmu_entry entry;
	long err = 0;

	s->outcome->items = items;
	for (uint64_t i = 0; i < count && !err; i++) {
		err = hmmu_dump(s->world->m, s->actor->pid, s->address + i * PAGE, 1, &entry);
		if (!err)
			items[s->outcome->item_count++] = entry.kind;
	}
	return err;
}

static long run_pin(struct step *s)
{
	struct handle handle = { .pfns = allocate(s->bytes / PAGE, sizeof(uint32_t)), .flags = s->c->flags };
	int err = 0;

	while (handle.count < s->bytes / PAGE && !err) {
		uint64_t address = s->address + handle.count * PAGE;

		do
			err = hmmu_pin(s->world->m, s->actor->tid, address, handle.flags, &handle.pfns[handle.count]);
		while (waits(s->world, s->actor->tid, err));
		handle.count += !err;
	}
	if (err)
		handle_drop(s->world, &handle);
	s->world->handles[s->c->other] = handle;
	return err;
}

static long run_hold(struct step *s)
{
	struct handle handle = { .pfns = allocate(1, sizeof(uint32_t)), .count = 1, .holds = true };
	int err = hmmu_hold(s->world->m, s->actor->pid, s->address, handle.pfns);

	if (!err)
		s->world->handles[s->c->other] = handle;
	return err;
}

static long run_open(struct step *s)
{
	struct open_file *file = &s->world->files[s->c->other];
	long err = kapi_open(s->actor->tid, s->c->path, &file->file);

	if (!err)
		file->pids[file->count++] = s->actor->pid;
	return err;
}

static long map_argument(struct step *s)
{
	const struct hmmu_map map = { .pages = 1, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	int err;

	do
		err = hmmu_mmap(s->world->m, s->actor->tid, &map, &s->actor->argument);
	while (waits(s->world, s->actor->tid, err));
	return err;
}

static long run_ioctl_with_structure(struct step *s, struct kapi_file *file)
{
	unsigned char *before = s->outcome->before;
	unsigned int size = s->c->layout->size;
	long result = s->actor->argument ? 0 : map_argument(s);

	for (unsigned int i = 0; i < s->c->assignment_count; i++) {
		const struct assignment *a = &s->c->assignments[i];

		type_put(a->field->type, before + a->field->offset + a->index * a->field->type.size,
			 value_number(s->world, &a->value));
	}
	result = result ? result : kapi_store(s->actor->tid, s->actor->argument, before, size);
	memcpy(s->outcome->after, before, size);
	if (result)
		return result;
	result = kapi_ioctl(s->actor->tid, file, (uint32_t)s->c->number, s->actor->argument);
	kapi_load(s->actor->tid, s->actor->argument, s->outcome->after, size);
	return result;
}

static long run_ioctl(struct step *s)
{
	struct open_file *file = &s->world->files[s->c->other];
	long result;

	/* The file stays while it is used, whoever closes it. */
	file->ioctls++;
	if (s->c->layout)
		result = run_ioctl_with_structure(s, file->file);
	else
		result = kapi_ioctl(s->actor->tid, file->file, (uint32_t)s->c->number,
				    value_number(s->world, &s->c->value));
	file->ioctls--;
	file_put(file, s->actor->tid);
	return result;
}

static long run_close(struct step *s)
{
	struct open_file *file = &s->world->files[s->c->other];

	file_leave(file, s->actor->pid);
	return file_put(file, s->actor->tid);
}

static long run_reap(struct step *s)
{
	return hmmu_oom_reap(s->world->m, s->actor->pid);
}

void command_execute(struct world *world, const struct command *c, struct outcome *outcome)
{
	static long (*const runs[])(struct step * s) = {
		[VERB_MAP] = run_map,       [VERB_UNMAP] = run_unmap, [VERB_PROTECT] = run_protect,
		[VERB_ADVISE] = run_advise, [VERB_STORE] = run_store, [VERB_LOAD] = run_load,
		[VERB_KIND] = run_kind,     [VERB_PIN] = run_pin,     [VERB_HOLD] = run_hold,
		[VERB_OPEN] = run_open,     [VERB_IOCTL] = run_ioctl, [VERB_CLOSE] = run_close,
		[VERB_REAP] = run_reap,
	};
	struct step s = { .world = world, .actor = &world->actors[c->actor], .c = c, .outcome = outcome };

	if (command_is_possible(world, c)) {
		s.address = place_address(world, &c->place);
		s.bytes = place_pages(world, &c->place) * PAGE;
		outcome->result = runs[c->verb](&s);
	} else {
		outcome->word = "skipped";
	}
	outcome->done = true;
}
