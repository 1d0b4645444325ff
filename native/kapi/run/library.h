/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file library.h
 * Drivers as a shared library: what a program calls that has a machine and loads drivers for it. The library has the runtime and
 * the drivers, and shows one name, kapi_library. It takes the functions of hmmu.h from the program. Each copy that is loaded has
 * a runtime of its own, for one machine.
 */
#ifndef KAPI_LIBRARY_H
#define KAPI_LIBRARY_H

#include "kapi.h"

/** Counts changes of this structure and of what it means. */
#define KAPI_LIBRARY_ABI 1

#define KAPI_TEXT_OF(number) KAPI_TEXT(number)
#define KAPI_TEXT(number) #number
/** A program finds this text in the file before it loads it. */
#define KAPI_LIBRARY_MARK "hmmu library of drivers, ABI " KAPI_TEXT_OF(KAPI_LIBRARY_ABI) "." KAPI_TEXT_OF(HMMU_ABI)

/** A call that a library makes of its program, or the reverse. */
typedef void (*kapi_library_fn)(void *data);

/** What a library shows. */
struct kapi_library {
	const char *mark;
	/** hmmu_create(), as the library sees it: it has to be the program's. */
	int (*create)(const struct hmmu_options *options, struct hmmu **machine);

	/** kapi_attach(), with memory that detach() frees, whatever a driver has left. */
	int (*attach)(struct hmmu *m, const struct kapi_options *options);
	void (*detach)(void);
	void (*set_report)(kapi_report_fn function, void *data);
	void (*set_print)(kapi_print_fn function, void *data);
	void (*set_invalidate)(hmmu_invalidate_fn function, void *data);
	void (*set_host_memory)(bool (*is_host_memory)(uint64_t address, size_t size));

	const char *(*param)(uint32_t number);
	int (*set_param)(const char *name, const char *value);
	long (*load_modules)(void);
	long (*unload_modules)(void);
	int (*fault)(enum kapi_fault fault, uint64_t nth, bool forever);
	uint64_t (*fault_passes)(enum kapi_fault fault);
	const char *(*fault_word)(enum kapi_fault fault);
	const char *(*check_word)(enum kapi_check check);

	/** kapi_call(). @p tid may be 0: a thread of the kernel, one at a time. */
	long (*call)(uint32_t tid, long (*function)(struct hmmu *m, uint32_t tid, void *data), void *data);
	/** kapi_resume(), also of a thread of the kernel. */
	long (*resume)(uint32_t tid);
	void (*run)(void);
	/** What a call that has not ended waits for, in words; NULL: there is no such call. @p ready: it can go on. */
	const char *(*waits_for)(uint32_t tid, bool *ready);
	/** Call a function on the program's stack: code that must not run on the small stack of a thread. Others do not run meanwhile. */
	void (*outside)(kapi_library_fn function, void *data);
	/** Whether such a function runs. */
	bool (*is_outside)(void);
	/** In such a function: call one on the thread that has called it. false: it waits for ever. */
	bool (*inside)(kapi_library_fn function, void *data);

	/* On a thread, by call(). */
	int (*open)(const char *name, struct kapi_file **file);
	int (*close)(struct kapi_file *file);
	long (*ioctl)(struct kapi_file *file, uint32_t command, uint64_t argument);
	int (*exit)(uint32_t pid);
};

/** Its name for dlsym(). */
#define KAPI_LIBRARY_NAME "kapi_library"

#endif
