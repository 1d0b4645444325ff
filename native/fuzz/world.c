/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of a program: how it is made, what has to hold at any time, and that nothing is left of it in the end. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broken.h"
#include "fuzz.h"
#include "hmmu/hmmu_explore.h"

void (*fuzz_journal)(const char *text);

void trace(const struct world *w, const char *format, ...)
{
	char text[1024];
	va_list args;

	if (!w->trace)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (fuzz_journal) {
		fuzz_journal(text);
		return;
	}
	printf("%*s%s", 2 * (int)w->depth, "", text);
	fflush(stdout);
}

void trace_bytes(const struct world *w, const char *what, const void *bytes, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	if (!fuzz_journal)
		return;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ull;
	trace(w, "// %s: %zu bytes, %#llx\n", what, size, (unsigned long long)hash);
}

/* Times differ, and how often the machine did what nobody sees. */
static void trace_statistics(const struct world *w)
{
	struct hmmu_stats stats;

	hmmu_stats(w->m, &stats);
	trace_bytes(w, "statistics", stats.counts, sizeof(stats.counts));
	trace_bytes(w, "reasons", stats.whys, sizeof(stats.whys));
}

void trace_state(struct world *w)
{
	struct hmmu_event events[64];
	uint64_t hash;

	if (!fuzz_journal)
		return;
	trace(w, "// hash %#llx\n", (unsigned long long)hmmu_hash(w->m));
	if (!hmmu_state_hash(w->m, &hash))
		trace(w, "// state %#llx\n", (unsigned long long)hash);
	trace_statistics(w);
	for (int n; (n = hmmu_events_read(w->m, events, 64)) > 0;)
		trace_bytes(w, "events", events, (size_t)n * sizeof(*events));
}

void broken(const struct world *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say_broken(w->at, format, args);
	va_end(args);
	abort();
}

static void complain(void *data, const char *text)
{
	(void)data;
	fprintf(stderr, "verify: %s\n", text);
}

void check_machine(struct world *w)
{
	int complaints = hmmu_verify(w->m, complain, NULL);

	w->since_verify = 0;
	if (complaints)
		broken(w, "%d complaints", complaints);
}

static bool is_error_code(uint32_t code)
{
	switch (code) {
#define X(name, value, text) case HMMU_ERR_##name:
		HMMU_ERRORS(X)
#undef X
		return code != HMMU_ERR_OK;
	default:
		return false;
	}
}

int check_result(struct world *w, int result)
{
	const struct hmmu_error *error = hmmu_error(w->m);

	w->code = result < 0 ? error->code : HMMU_ERR_OK;
	trace(w, " // %d%s%s\n", result, result < 0 ? ": " : "", result < 0 ? error->text : "");
	if (result >= 0)
		return result;
	if (error->err != result)
		broken(w, "the call returned %d, but the error is %d", result, error->err);
	if (!is_error_code(error->code) || !error->text[0])
		broken(w, "an error without explanation: code %u, '%s'", error->code, error->text);
	if (error->code == HMMU_ERR_HOST_MEMORY)
		broken(w, "not the fault of the program: %s", error->text);
	if ((error->code == HMMU_ERR_BLOCKED) != (error->wait != HMMU_WAIT_NOTHING))
		broken(w, "code %u, but it waits for %u", error->code, error->wait);
	if ((error->code == HMMU_ERR_DRIVER_RULE) != (error->rule != HMMU_RULE_NONE))
		broken(w, "code %u, but rule %u", error->code, error->rule);
	return result;
}

static const uint32_t ram_sizes[] = { 64,  80,   100,  128,  200,  511,  512,  520,
				      700, 1024, 1100, 1536, 2048, 2500, 4096, 8192 };

/* Those that a profile's kernel knows; a machine with another one is refused. */
static uint32_t quirks_of_kernel(uint32_t profile)
{
	const uint32_t kernel = profile >= HMMU_PROFILE_LINUX_6_12 ? HMMU_IN_LINUX_6_12 : HMMU_IN_BOTH;
	uint32_t quirks = 0;

#define X(name, bit, profiles, ...) quirks |= (profiles)&kernel ? 1u << (bit) : 0;
	HMMU_QUIRKS(X)
#undef X
	return quirks;
}

/* Programs that begin with zeros get a machine that has what it needs. */
static struct hmmu_options read_options(const struct fuzz_record *r)
{
	struct hmmu_options options = {
		.ram_pages = r->count ? ram_sizes[r->count % (sizeof(ram_sizes) / sizeof(*ram_sizes))] : 4096,
		.device_pages = r->x & 7 ? (1u << (r->x & 7)) - 1 : 1024,
		.cpus = 1 + r->who % 4,
		.other_device_pages = r->who & 4 ? 3 : 0,
		.no_contents = r->who & 32,
		.swap_pages = r->who & 8    ? 5
			      : r->who & 16 ? 600
					    : 0,
		.hugetlb_pages = r->y % 8 == 7 ? HMMU_HUGETLB_NONE : r->y % 8,
		.profile = r->region % HMMU_PROFILE_COUNT,
		.quirks_on = r->first & quirks_of_kernel(r->region % HMMU_PROFILE_COUNT),
		.quirks_off = r->region & 128 ? 0xfff : 0,
		.coherent_pages = r->region % HMMU_PROFILE_COUNT < HMMU_PROFILE_LINUX_6_12 ? 0
				  : r->y & 64                                              ? 7
				  : r->y & 128                                             ? 600
											   : 0,
		.memcg_limit = r->x & 128 ? 4u + (r->x >> 3 & 15) * 8u : 0,
	};

	return options;
}

static void trace_options(const struct world *w, const struct hmmu_options *o)
{
	trace(w, "hmmu_create(&(struct hmmu_options){ .ram_pages = %u, .device_pages = %u, .cpus = %u, .profile = %u, ",
	      o->ram_pages, o->device_pages, o->cpus, o->profile);
	trace(w,
	      ".other_device_pages = %u, .swap_pages = %u, .hugetlb_pages = %u, .no_contents = %d, .quirks_on = %#x, "
	      ".quirks_off = %#x, .coherent_pages = %u, .memcg_limit = %llu }, &m);\n",
	      o->other_device_pages, o->swap_pages, o->hugetlb_pages, o->no_contents, o->quirks_on, o->quirks_off,
	      o->coherent_pages, (unsigned long long)o->memcg_limit);
}

static void first_process(struct world *w)
{
	struct hmmu_map map = { .pages = 16, .kind = HMMU_MAP_ANON, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint64_t address;
	uint32_t pid;

	w->before = balance_of(w->m);
	if (hmmu_process_create(w->m, &pid))
		broken(w, "no first process");
	add_process(w, pid);
	if (hmmu_mmap(w->m, w->tids[0], &map, &address))
		broken(w, "no first mapping");
	add_region(w, address, map.pages);
	trace(w, "hmmu_process_create(m, &pid); // %u, task %u\n", pid, w->tids[0]);
	trace(w, "hmmu_mmap(m, %u, { 16 pages, anon, rw }, &address); // %#llx\n", w->tids[0],
	      (unsigned long long)address);
}

bool world_open(struct world *w, const uint8_t *data, size_t size)
{
	struct hmmu_options options;
	struct fuzz_record first;

	memset(w, 0, sizeof(*w));
	w->trace = fuzz_journal || getenv("HMMU_FUZZ_TRACE");
	w->data = data;
	w->records = size / FUZZ_RECORD_SIZE;
	if (w->records > MAX_RECORDS)
		w->records = MAX_RECORDS;
	if (!next_record(w, &first))
		return false;
	w->verify_every = 1u + first.y % 32;
	w->modern = first.region % HMMU_PROFILE_COUNT >= HMMU_PROFILE_LINUX_6_12;
	options = read_options(&first);
	trace_options(w, &options);
	if (hmmu_create(&options, &w->m))
		broken(w, "no machine");
	if (first.who & 64 && hmmu_stats_enable(w->m, true))
		broken(w, "no statistics");
	set_notifier(w);
	w->ram_pages = options.ram_pages;
	w->device_pages = options.device_pages;
	w->coherent_pages = options.coherent_pages;
	w->pages = hmmu_coherent_base(w->m) + options.coherent_pages + options.other_device_pages;
	first_process(w);
	return true;
}

/* Huge pages of the pool begin at a multiple of their size. Numbers between RAM and them are of no page. */
static bool in_gap(const struct world *w, uint32_t pfn)
{
	uint64_t pool = hmmu_counter(w->m, HMMU_COUNT_HUGETLB_PAGES) * HMMU_HUGE_PAGES;

	return pfn >= w->ram_pages && pfn < hmmu_device_base(w->m) - pool;
}

/* Whatever users have of a page, by trying: what they don't have is refused. */
static void release_page(struct world *w, uint32_t pfn)
{
	struct hmmu_page_info info;

	if (in_gap(w, pfn))
		return;
	if (hmmu_page_info(w->m, pfn, &info))
		broken(w, "there is no page %u", pfn);
	if (!info.ref)
		return;
	hmmu_release(w->m, pfn);
	hmmu_putback(w->m, pfn);
	while (!hmmu_unpin(w->m, pfn, 0) || !hmmu_unpin(w->m, pfn, HMMU_PIN_DMA))
		;
	hmmu_page_unlock(w->m, pfn);
	hmmu_page_put(w->m, pfn);
}

static void release_all(struct world *w)
{
	for (uint32_t site = 0; site < HMMU_INJECTION_COUNT; site++)
		hmmu_inject(w->m, site, 0, false);
	for (unsigned i = 0; i < MAX_MIGRATIONS; i++)
		if (w->migrations[i].handle)
			migration_ended(&w->migrations[i], hmmu_migrate_end(w->migrations[i].handle));
	for (uint32_t i = 0; i < HMMU_MAX_DEVICES; i++)
		hmmu_device_driver(w->m, i, NULL, NULL);
	for (uint32_t tid = 1; tid <= w->max_tid; tid++)
		hmmu_task_cancel(w->m, tid);
	for (uint32_t pfn = 1; pfn < w->pages; pfn++)
		release_page(w, pfn);
}

uint64_t world_close(struct world *w)
{
	const char *missing;
	char text[120];
	uint64_t hash;

	trace_state(w);
	release_all(w);
	for (uint32_t pid = 1; pid <= w->max_pid; pid++)
		if (hmmu_process_alive(w->m, pid) && hmmu_exit(w->m, pid))
			broken(w, "process %u can't end: %s", pid, hmmu_error(w->m)->text);
	hmmu_lru_add_drain_all(w->m);
	check_machine(w);
	trace_state(w);
	missing = balance_missing(w->m, &w->before, w->migrated, text, sizeof(text));
	if (missing)
		broken(w, "%s", missing);
	hash = w->wants_hash ? hmmu_hash(w->m) : 0;
	hmmu_destroy(w->m);
	return hash;
}
