/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads the driver, runs a script, unloads the driver: PROGRAM [--script FILE] [--seed N] [--fault NAME=N|all]
 * [--param NAME=VALUE]... [--coherent-pages N] [--cpu-limit SECONDS] [--parent PID] [--quiet]
 *
 * Exit code 0: nothing was wrong; 1: reports, or something else that has to be mended; 2: arguments or the script make no sense.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/ends.h"
#include "program/faults.h"
#include "program/run.h"

static struct {
	const char *script;
	uint64_t seed;
	uint32_t coherent_pages;
	enum kapi_fault fault;
	uint64_t fault_number; /**< 0: none */
	bool all_faults;
	bool quiet;
	uint64_t cpu_limit; /**< seconds for one command; 0: none */
	char **params;      /**< NAME=VALUE */
	int param_count;
} settings = { .cpu_limit = 10 };

static void __attribute__((noreturn)) bad_usage(const char *option, const char *value)
{
	fprintf(stderr, "error: %s: '%s' is not allowed\n", option, value);
	exit(2);
}

static uint64_t number_of(const char *option, const char *text)
{
	uint64_t number;

	if (*text == '-' || !parse_number(text, &number))
		bad_usage(option, text);
	return number;
}

static uint32_t pages_of(const char *option, const char *text)
{
	uint64_t pages = number_of(option, text);

	if (pages > UINT32_MAX)
		bad_usage(option, text);
	return (uint32_t)pages;
}

/* NAME=N or NAME=all */
static void set_fault(const char *text)
{
	const char *value = strchr(text, '=');
	unsigned int fault = 0;

	if (!value)
		bad_usage("--fault", text);
	while (fault < KAPI_FAULT_COUNT && (strlen(kapi_fault_word(fault)) != (size_t)(value - text) ||
					    strncmp(kapi_fault_word(fault), text, (size_t)(value - text)) != 0))
		fault++;
	if (fault == KAPI_FAULT_COUNT)
		bad_usage("--fault", text);
	settings.fault = fault;
	settings.all_faults = strcmp(value + 1, "all") == 0;
	settings.fault_number = settings.all_faults ? 0 : number_of("--fault", value + 1);
}

static void read_arguments(int count, char **arguments)
{
	static const struct option known[] = {
		{ "script", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "fault", required_argument, NULL, 'f' },
		{ "param", required_argument, NULL, 'p' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "cpu-limit", required_argument, NULL, 'c' },
		{ "parent", required_argument, NULL, 'w' },
		{ "coherent-pages", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};

	settings.params = calloc((size_t)count, sizeof(*settings.params));
	for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
		if (option == 's')
			settings.script = optarg;
		else if (option == 'r')
			settings.seed = number_of("--seed", optarg);
		else if (option == 'm')
			settings.coherent_pages = pages_of("--coherent-pages", optarg);
		else if (option == 'f')
			set_fault(optarg);
		else if (option == 'p')
			settings.params[settings.param_count++] = optarg;
		else if (option == 'q')
			settings.quiet = true;
		else if (option == 'c')
			settings.cpu_limit = number_of("--cpu-limit", optarg);
		else if (option == 'w')
			ends_with_parent(number_of("--parent", optarg));
		else
			exit(2);
	}
	if (optind < count)
		bad_usage("arguments", arguments[optind]);
}

static void print_report(void *data, const struct kapi_report *report)
{
	(void)data;
	/* Runs with one fault each are counted by the lines that they have printed. */
	if (report->more && settings.all_faults)
		return;
	if (report->file)
		printf("%s:%d: %s [%s]\n", report->file, report->line, report->text, kapi_check_word(report->check));
	else
		printf("kapi: %s [%s]\n", report->text, kapi_check_word(report->check));
	fflush(stdout);
}

static void print_complaint(void *data, const char *text)
{
	(void)data;
	printf("kapi: the machine is out of balance: %s [verify]\n", text);
}

static void set_params(void)
{
	for (int i = 0; i < settings.param_count; i++) {
		char *name = strdup(settings.params[i]);
		char *value = name ? strchr(name, '=') : NULL;
		long err;

		if (!value)
			bad_usage("--param", settings.params[i]);
		*value++ = 0;
		err = kapi_set_param(name, value);
		if (err) {
			fprintf(stderr, "error: --param %s: %s\n", settings.params[i],
				err == -ENOENT ? "the driver has no such parameter" : "the value is not allowed");
			exit(2);
		}
		free(name);
	}
}

/* Silence could be a run that has done nothing. */
static void say_all_is_well(long loaded)
{
	if (settings.quiet || settings.all_faults)
		return;
	if (loaded)
		printf("no reports; module_init() returns -%s\n", errno_word(-loaded));
	else
		printf("no reports; module loaded and unloaded\n");
}

/* One run, in which a fault happens (0: none). */
static bool run_once(const struct script *script, uint64_t failing, uint64_t *passes)
{
	const struct kapi_options options = { .coherent_pages = settings.coherent_pages,
					      .seed = settings.seed,
					      .quiet = settings.quiet || settings.all_faults };
	const struct run_options how = { .prints = !settings.all_faults, .checks = !failing };
	struct hmmu *m;
	unsigned int wrong = 0;
	long err;

	kapi_set_report(print_report, NULL);
	err = kapi_boot(&options, &m);
	if (err) {
		fprintf(stderr, "error: the machine can't be made: %s\n", errno_word(-err));
		return false;
	}
	set_params();
	ends_set_machine(m);
	ends_catch(settings.cpu_limit);
	kapi_fault(settings.fault, failing, false);
	err = kapi_load_modules();
	if (err && !failing) {
		printf("kapi: module_init() returns -%s [init]\n", errno_word(-err));
		wrong++;
	}
	if (!err && script)
		wrong += script_run(script, m, &how);
	if (!failing && hmmu_verify(m, print_complaint, NULL))
		wrong++;
	ends_progress();
	kapi_unload_modules();
	*passes = kapi_fault_passes(settings.fault);
	wrong += kapi_reports(KAPI_CHECK_COUNT);
	ends_set_machine(NULL);
	kapi_shutdown();
	if (!wrong)
		say_all_is_well(err);
	return !wrong;
}

int main(int count, char **arguments)
{
	const struct script *script;
	uint64_t passes;

	/* A crash loses no line. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_arguments(count, arguments);
	script = settings.script ? script_read(settings.script) : NULL;
	if (settings.all_faults)
		return run_each_fault(script, settings.fault, run_once);
	return run_once(script, settings.fault_number, &passes) ? 0 : 1;
}
