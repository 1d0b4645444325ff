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

static bool is_number(const struct parameter *parameter)
{
	return strcmp(parameter->type, "charp") != 0 && strcmp(parameter->type, "string") != 0;
}

int kapi_set_param(const char *name, const char *text)
{
	long long value;

	for (u32 i = 0; i < parameter_count; i++) {
		if (strcmp(parameters[i].name, name) != 0)
			continue;
		if (!is_number(&parameters[i]) || !host_parse_number(text, &value))
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
