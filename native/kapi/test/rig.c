/* SPDX-License-Identifier: GPL-2.0-only */
#include "rig.h"

#include <stdio.h>
#include <string.h>

/** Reports since the last assertion. */
static struct {
	unsigned int count;
	enum kapi_check check;
	char file[200];
	int line;
	char text[300];
} seen;

/** Reports of the machine that were counted only. */
static unsigned int more;
/** The text of the last report, also of one that was asserted. */
static char last_text[300];

static void on_report(void *data, const struct kapi_report *report)
{
	(void)data;
	snprintf(last_text, sizeof(last_text), "%s", report->text);
	if (report->more) {
		more += report->more;
		printf("report: %s\n", report->text);
		return;
	}
	seen.count++;
	seen.check = report->check;
	seen.line = report->line;
	snprintf(seen.file, sizeof(seen.file), "%s", report->file ? report->file : "");
	snprintf(seen.text, sizeof(seen.text), "%s:%d: %s [%s]", report->file ? report->file : "?", report->line,
		 report->text, kapi_check_word(report->check));
	printf("report: %s\n", seen.text);
}

void assert_no_reports(void)
{
	if (seen.count)
		fail_msg("%u reports, the last one: %s", seen.count, seen.text);
}

void assert_reports(unsigned int count, enum kapi_check check)
{
	assert_int_equal(seen.count, count);
	assert_string_equal(kapi_check_word(seen.check), kapi_check_word(check));
	memset(&seen, 0, sizeof(seen));
}

void assert_text(const char *text)
{
	if (!strstr(last_text, text))
		fail_msg("the last report is: %s", last_text);
}

void assert_more(unsigned int count)
{
	assert_int_equal(more, count);
}

void assert_report(enum kapi_check check)
{
	assert_reports(1, check);
}

void assert_report_in(const char *path, enum kapi_check check)
{
	if (!strstr(seen.file, path) || !seen.line)
		fail_msg("no line of %s: %s", path, seen.text);
	assert_report(check);
}

struct rig rig_open(uint64_t seed)
{
	const struct kapi_options options = { .coherent_pages = RIG_COHERENT_PAGES, .seed = seed, .quiet = true };
	struct rig r;

	memset(&seen, 0, sizeof(seen));
	more = 0;
	kapi_set_report(on_report, NULL);
	assert_int_equal(kapi_boot(&options, &r.m), 0);
	assert_int_equal(kapi_load_modules(), 0);
	assert_int_equal(hmmu_process_create(r.m, &r.pid), 0);
	r.tid = hmmu_process_task(r.m, r.pid);
	return r;
}

static void print_complaint(void *data, const char *text)
{
	(void)data;
	printf("verify: %s\n", text);
}

void rig_close(const struct rig *r)
{
	assert_int_equal(hmmu_verify(r->m, print_complaint, NULL), 0);
	assert_int_equal(kapi_unload_modules(), 0);
	assert_no_reports();
	assert_int_equal(hmmu_verify(r->m, print_complaint, NULL), 0);
	kapi_shutdown();
}

uint64_t rig_map(const struct rig *r, uint64_t pages)
{
	const struct hmmu_map map = { .pages = pages, .prot = HMMU_PROT_READ | HMMU_PROT_WRITE };
	uint64_t address;

	assert_int_equal(hmmu_mmap(r->m, r->tid, &map, &address), 0);
	return address;
}

uint32_t rig_kind(const struct rig *r, uint64_t address)
{
	struct hmmu_entry entry;

	assert_int_equal(hmmu_dump(r->m, r->pid, address, 1, &entry), 0);
	return entry.kind;
}

void rig_fill(const struct rig *r, uint64_t address, uint64_t pages, uint32_t first)
{
	for (uint32_t i = 0; i < pages; i++) {
		const uint32_t number = first + i;

		assert_int_equal(kapi_store(r->tid, address + i * 4096ull, &number, sizeof(number)), 0);
	}
}

void rig_expect(const struct rig *r, uint64_t address, uint64_t pages, uint32_t first)
{
	for (uint32_t i = 0; i < pages; i++) {
		uint32_t number = 0;

		assert_int_equal(kapi_load(r->tid, address + i * 4096ull, &number, sizeof(number)), 0);
		assert_int_equal(number, first + i);
	}
}
