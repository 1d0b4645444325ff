/* SPDX-License-Identifier: GPL-2.0-only */
/* The machine of a program, what has to hold at any time, and that nothing is left of it. */
#include <errno.h>
#include <stdio.h>

#include "stops.h"

static struct hmmu_options read_options(const struct fuzz_record *r)
{
	static const uint16_t sizes[] = { 600, 900, 300, 600 };
	uint32_t profile = r->region % HMMU_PROFILE_COUNT;
	bool huge = r->op % 3 == 0, modern = profile >= HMMU_PROFILE_LINUX_6_12;

	return (struct hmmu_options){
		.profile = profile,
		.ram_pages = huge ? 4096 : sizes[r->count % 4],
		.device_pages = huge ? 1024 : 40,
		.coherent_pages = modern && r->count & 4 ? 40 : 0,
		.cpus = 1 + r->who % 3,
		.swap_pages = r->who & 4   ? 20
			      : r->who & 8 ? 600
					   : 0,
		.no_contents = r->who & 16,
		.hugetlb_pages = 1,
		.memcg_limit = r->who >> 5 == 7 ? 60 : 0,
	};
}

static void say_options(const struct stops *s, uint32_t window)
{
	const struct hmmu_options *o = &s->options;

	stops_say("machine: profile %u, RAM %u, device %u, coherent %u, %u CPUs, swap %u, %s, limit %llu, fault window "
		  "%u, "
		  "switching points %#x%s\n",
		  o->profile, o->ram_pages, o->device_pages, o->coherent_pages, o->cpus, o->swap_pages,
		  o->no_contents ? "no contents" : "contents", (unsigned long long)o->memcg_limit, window,
		  hmmu_switch_points(s->m), s->huge ? ", huge pages" : "");
}

static void map_first(struct stops *s, uint32_t tid, uint64_t address, uint64_t pages)
{
	struct hmmu_map map = {
		.address = address,
		.pages = pages,
		.kind = HMMU_MAP_ANON,
		.prot = HMMU_PROT_READ | HMMU_PROT_WRITE,
	};

	if (hmmu_mmap(s->m, tid, &map, &address))
		stops_broken(s, "no first mappings");
}

void stops_disarm(struct stops *s)
{
	for (uint32_t site = 0; site < HMMU_INJECTION_COUNT; site++)
		hmmu_inject(s->m, site, 0, false);
}

/* Some mappings with gaps, and three tasks in them. */
void stops_next_process(struct stops *s)
{
	uint32_t pid, tid;

	stops_disarm(s);
	if (hmmu_process_create(s->m, &pid))
		stops_broken(s, "no process");
	tid = hmmu_process_task(s->m, pid);
	stops_add_task(s, tid, pid);
	stops_new_task(s, pid);
	stops_new_task(s, pid);
	for (unsigned i = 0; i < 3; i++)
		map_first(s, tid, STOPS_BASE + i * 6u * (uint64_t)HMMU_PAGE_SIZE, 5 + i % 2);
	if (!s->huge)
		return;
	map_first(s, tid, STOPS_HUGE, HMMU_HUGE_PAGES);
	if (hmmu_madvise(s->m, tid, STOPS_HUGE, HMMU_HUGE_PAGES * (uint64_t)HMMU_PAGE_SIZE, HMMU_MADV_HUGEPAGE))
		stops_broken(s, "no huge pages");
}

static void do_nothing(struct hmmu *m, void *data)
{
	(void)m, (void)data;
}

void stops_open(struct stops *s, const struct fuzz_record *first)
{
	uint32_t window = 1u << first->y % 4;

	s->options = read_options(first);
	s->modern = s->options.profile >= HMMU_PROFILE_LINUX_6_12;
	s->huge = s->options.device_pages > 40;
	if (hmmu_create(&s->options, &s->m))
		stops_broken(s, "no machine");
	s->before = balance_of(s->m);
	stops_next_process(s);
	s->stacks = hmmu_run(s->m, s->made.tasks[0].tid, do_nothing, NULL) != -EOPNOTSUPP;
	if (hmmu_device_set_fault_window(s->m, 0, window) || hmmu_set_switch_points(s->m, stops_points_of(first)))
		stops_broken(s, "%s", hmmu_error(s->m)->text);
	say_options(s, window);
}

static void complain(void *data, const char *text)
{
	(void)data;
	fprintf(stderr, "verify: %s\n", text);
}

void stops_verify(const struct stops *s)
{
	int complaints = hmmu_verify(s->m, complain, NULL);

	if (complaints)
		stops_broken(s, "%d complaints", complaints);
}

static void all_exit(struct stops *s)
{
	uint32_t pids[STOPS_TASKS];
	int count = hmmu_processes(s->m, pids, STOPS_TASKS);

	for (int i = 0; i < count; i++)
		if (hmmu_exit(s->m, pids[i]))
			stops_broken(s, "process %u can't end: %s", pids[i], hmmu_error(s->m)->text);
}

void stops_close(struct stops *s)
{
	struct hmmu_leak leak;
	char text[120];
	const char *missing;

	while (s->made.nr_pins)
		stops_unpin(s);
	all_exit(s);
	hmmu_lru_add_drain_all(s->m);
	stops_verify(s);
	if (hmmu_leaks(s->m, &leak, 1))
		stops_broken(s, "page %u is a driver's when all is over", leak.pfn);
	missing = balance_missing(s->m, &s->before, s->made.migrated, text, sizeof(text));
	if (missing)
		stops_broken(s, "%s", missing);
	hmmu_destroy(s->m);
}
