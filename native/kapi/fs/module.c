/* SPDX-License-Identifier: GPL-2.0-only */
/* Modules and their parameters. They note themselves before main() begins. */
#include "fs/module.h"

#include <linux/kernel.h>
#include <linux/module.h>

#include "host/host.h"
#include "kapi.h"

#define MOST_PARAMETERS 64

/** A parameter: a number of the driver. */
struct parameter {
	const char *name;
	const char *type;
	void *value;
	size_t size;
};

static struct module *modules;
static struct parameter parameters[MOST_PARAMETERS];
static u32 parameter_count;

static void note(struct module *module)
{
	struct module **link = &modules;

	while (*link && *link != module && strcmp((*link)->name, module->name) < 0)
		link = &(*link)->next;
	if (*link == module)
		return;
	module->next = *link;
	*link = module;
}

void kapi_module_init(struct module *module, int (*init)(void))
{
	module->init = init;
	note(module);
}

void kapi_module_exit(struct module *module, void (*exit)(void))
{
	module->exit = exit;
	note(module);
}

void kapi_module_param(struct module *module, const char *name, const char *type, void *value, size_t size)
{
	(void)module;
	if (parameter_count < MOST_PARAMETERS)
		parameters[parameter_count++] = (struct parameter){ name, type, value, size };
}

const char *kapi_param(u32 number)
{
	return number < parameter_count ? parameters[number].name : NULL;
}

/* Numbers by their type, and from where to where they go. */
static const struct number_type {
	const char *name;
	long long least, most;
} number_types[] = {
	{ "byte", 0, 0xff },
	{ "short", -0x8000, 0x7fff },
	{ "ushort", 0, 0xffff },
	{ "int", INT_MIN, INT_MAX },
	{ "uint", 0, U32_MAX },
	{ "hexint", 0, U32_MAX },
	{ "long", LONG_MIN, LONG_MAX },
	{ "ulong", 0, LONG_MAX },
	{ "ullong", 0, LONG_MAX },
};

/* kstrtobool(): the first letter decides, behind an o the second one. */
static bool parse_bool(const char *text, long long *value)
{
	char letter = text[0] == 'o' || text[0] == 'O' ? text[1] : text[0];
	const char *found = letter ? strchr(text[0] == letter ? "yYtT1nNfF0" : "nNfF", letter) : NULL;

	if (!found)
		return false;
	*value = text[0] == letter ? strchr("yYtT1", letter) != NULL : strchr("nN", letter) != NULL;
	return true;
}

static bool parse(const char *type, const char *text, long long *value)
{
	if (strcmp(type, "bool") == 0)
		return parse_bool(text, value);
	for (size_t i = 0; i < ARRAY_SIZE(number_types); i++)
		if (strcmp(type, number_types[i].name) == 0)
			return host_parse_number(text, value) && *value >= number_types[i].least &&
			       *value <= number_types[i].most;
	return false;
}

int kapi_set_param(const char *name, const char *text)
{
	long long value;

	for (u32 i = 0; i < parameter_count; i++) {
		if (strcmp(parameters[i].name, name) != 0)
			continue;
		if (!parse(parameters[i].type, text, &value))
			return -EINVAL;
		/* Little endian: the low bytes come first. */
		memcpy(parameters[i].value, &value, min(parameters[i].size, sizeof(value)));
		return 0;
	}
	return -ENOENT;
}

int modules_init(void)
{
	for (struct module *module = modules; module; module = module->next) {
		int err = module->init && !module->live ? module->init() : 0;

		if (err)
			return err;
		module->live = true;
	}
	return 0;
}

static void exit_from(struct module *module)
{
	if (!module)
		return;
	exit_from(module->next);
	if (module->live && module->exit)
		module->exit();
	module->live = false;
}

void modules_exit(void)
{
	exit_from(modules);
}

void modules_forget(void)
{
	for (struct module *module = modules; module; module = module->next)
		module->live = false;
}
