/* SPDX-License-Identifier: GPL-2.0-only */
#include "program/world.h"

#include <string.h>

uint64_t place_address(const struct world *world, const struct place *place)
{
	return world->regions[place->region].address + (place->whole ? 0 : place->first * PAGE) + place->offset;
}

uint64_t place_pages(const struct world *world, const struct place *place)
{
	return place->whole ? world->regions[place->region].pages : place->last - place->first + 1;
}

uint64_t value_number(const struct world *world, const struct value *value)
{
	return value->is_address ? place_address(world, &value->place) : value->number;
}

uint64_t type_get(struct type type, const unsigned char *bytes)
{
	unsigned int unused = 64 - 8 * type.size;
	uint64_t number = 0;

	memcpy(&number, bytes, type.size);
	return type.is_signed ? (uint64_t)((int64_t)(number << unused) >> unused) : number;
}

void type_put(struct type type, unsigned char *bytes, uint64_t number)
{
	memcpy(bytes, &number, type.size);
}

static bool is_mapped(const struct world *world, const struct value *value)
{
	return !value->is_address || world->regions[value->place.region].address;
}

bool command_is_possible(const struct world *world, const struct command *c)
{
	const struct value place = { .is_address = true, .place = c->place };

	if (c->verb != VERB_DROP && !world->actors[c->actor].tid)
		return false;
	switch (c->verb) {
	case VERB_UNMAP:
	case VERB_PROTECT:
	case VERB_ADVISE:
	case VERB_LOAD:
	case VERB_KIND:
		return is_mapped(world, &place);
	case VERB_PIN:
	case VERB_HOLD:
		return is_mapped(world, &place) && !world->handles[c->other].pfns;
	case VERB_STORE:
		return is_mapped(world, &place) && is_mapped(world, &c->value);
	case VERB_IOCTL:
		for (unsigned int i = 0; i < c->assignment_count; i++)
			if (!is_mapped(world, &c->assignments[i].value))
				return false;
		return world->files[c->other].count && is_mapped(world, &c->value);
	case VERB_OPEN:
		return !world->files[c->other].file;
	case VERB_CLOSE:
		return world->files[c->other].count;
	case VERB_DROP:
		return world->handles[c->other].pfns;
	default:
		return true;
	}
}

void file_leave(struct open_file *file, uint32_t pid)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < file->count; i++)
		if (file->pids[i] != pid)
			file->pids[kept++] = file->pids[i];
	file->count = kept;
}

long file_put(struct open_file *file, uint32_t tid)
{
	struct kapi_file *closed = file->file;

	if (!closed || file->count || file->ioctls)
		return 0;
	file->file = NULL;
	return kapi_close(tid, closed);
}

long handle_drop(struct world *world, struct handle *handle)
{
	long result = 0;

	for (uint64_t i = 0; i < handle->count; i++) {
		int err = handle->holds ? hmmu_release(world->m, handle->pfns[i])
					: hmmu_unpin(world->m, handle->pfns[i], handle->flags);

		result = result ? result : err;
	}
	handle->pfns = NULL;
	return result;
}
