/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine as a whole, and memory for arguments and results. */
#include "instance.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(HMMU_COUNTER_COUNT <= TOLD, "all counters are told at once");

struct instance instance;

EXPORT(version) const char *wasm_version(void)
{
	return hmmu_version();
}

/* Memory of the instance for the arguments of a call; 0 if there is none. */
EXPORT(alloc) void *wasm_alloc(uint32_t bytes)
{
	return malloc(bytes ? bytes : 1);
}

EXPORT(free) void wasm_free(void *memory)
{
	free(memory);
}

/* Address of the array of doubles in which calls leave further results. */
EXPORT(told) const double *wasm_told(void)
{
	return instance.told;
}

EXPORT(create)
int wasm_create(uint32_t ram_pages, uint32_t device_pages, uint32_t cpus, uint32_t profile, uint32_t quirks_on,
		uint32_t quirks_off, double memcg_limit, uint32_t swap_pages, bool no_contents, uint32_t hugetlb_pages,
		uint32_t coherent_pages)
{
	const struct hmmu_options options = {
		.ram_pages = ram_pages,
		.device_pages = device_pages,
		.cpus = cpus,
		.profile = profile,
		.quirks_on = quirks_on,
		.quirks_off = quirks_off,
		.memcg_limit = whole(memcg_limit),
		.swap_pages = swap_pages,
		.no_contents = no_contents,
		.hugetlb_pages = hugetlb_pages,
		.coherent_pages = coherent_pages,
	};

	return hmmu_create(&options, &instance.machine);
}

/* Destroys the machine; then the instance can have another one. */
EXPORT(destroy) void wasm_destroy(void)
{
	wasm_order_end();
	hmmu_destroy(instance.machine);
	instance.machine = NULL;
}

/* Tells err, code, rule, wait, index, address of the last call that failed; returns the text. */
EXPORT(error) const char *wasm_error(void)
{
	const struct hmmu_error *error = hmmu_error(instance.machine);

	instance.told[0] = error->err;
	instance.told[1] = error->code;
	instance.told[2] = error->rule;
	instance.told[3] = error->wait;
	instance.told[4] = (double)error->index;
	instance.told[5] = (double)error->address;
	return error->text;
}

/* Complaints one after another, each with its final 0. */
struct complaints {
	char *text;
	size_t length;
	bool lost; /* for want of memory */
};

static void complain(void *data, const char *text)
{
	struct complaints *all = data;
	size_t length = strlen(text) + 1;
	char *grown = realloc(all->text, all->length + length);

	if (!grown) {
		all->lost = true;
		return;
	}
	memcpy(grown + all->length, text, length);
	all->text = grown;
	all->length += length;
}

/* Tells where the complaints are (memory that the caller frees) and how many bytes they have. */
EXPORT(verify) int wasm_verify(void)
{
	struct complaints all = { 0 };

	hmmu_verify(instance.machine, complain, &all);
	instance.told[0] = (double)(uintptr_t)all.text;
	instance.told[1] = (double)all.length;
	return all.lost ? -ENOMEM : 0;
}

/* Tells every counter at the index that is its number; returns how many there are. */
EXPORT(counters) int wasm_counters(void)
{
	for (uint32_t i = 0; i < HMMU_COUNTER_COUNT; i++)
		instance.told[i] = (double)hmmu_counter(instance.machine, i);
	return HMMU_COUNTER_COUNT;
}
