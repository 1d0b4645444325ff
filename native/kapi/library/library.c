/* SPDX-License-Identifier: GPL-2.0-only */
/* A library of drivers, as its program sees it. Only shared libraries have this file. */
#include "library/library.h"

#include <linux/kernel.h>

#include "fs/file.h"
#include "host/host.h"
#include "mm/mm.h"
#include "run/calls.h"
#include "task/thread.h"

/*
 * hmmu_NAME() is a jump to the program's. So the program need not show its functions, and may be one of several that have them.
 */
#if defined(__x86_64__)
#define JUMP(name) "jmp *program_" name "(%rip)\n"
#elif defined(__aarch64__)
#define JUMP(name) \
	"adrp x16, program_" name "\n" \
	"ldr x16, [x16, #:lo12:program_" name "]\n" \
	"br x16\n"
#endif
#define X(name) \
	__attribute__((visibility("hidden"))) extern __typeof__(hmmu_##name) *program_##name; \
	__typeof__(hmmu_##name) *program_##name; \
	__asm__(".pushsection .text\n" \
		".globl hmmu_" #name "\n" \
		".type hmmu_" #name ", %function\n" \
		"hmmu_" #name ":\n" JUMP(#name) ".popsection\n");
KAPI_CORE_CALLS(X)
#undef X

/* The pointers behind the jumps, in the order of struct kapi_core. */
static void *const pointers[] = {
#define X(name) &program_##name,
	KAPI_CORE_CALLS(X)
#undef X
};

static int attach(const struct kapi_core *core, struct hmmu *m, const struct kapi_options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
		memcpy(pointers[i], (const char *)core + i * sizeof(void *), sizeof(void *));
	host_track_heap();
	return kapi_attach(m, options);
}

static void detach(void)
{
	kapi_shutdown();
	host_forget_heap();
}

/* --- calls --- */

static long call(u32 tid, call_function function, void *data)
{
	return tid ? kapi_call(tid, function, data) : call_on_kernel_thread("kernel", function, data);
}

static long resume(u32 tid)
{
	return tid ? kapi_resume(tid) : call_on_kernel_thread("kernel", NULL, NULL);
}

static const char *waits_for(u32 tid, bool *ready)
{
	const struct kapi_thread *thread = tid ? thread_of_task(tid) : calls_kernel_thread();

	if (!thread)
		return NULL;
	*ready = thread_can_run(thread);
	return thread->waits_for ? thread->waits_for : "its turn";
}

static bool is_outside(void)
{
	return thread_current()->is_outside;
}

/* --- files --- */

static int open_file(const char *name, struct kapi_file **file)
{
	return file_open(name, (struct file **)file);
}

static int close_file(struct kapi_file *file)
{
	return file_close((struct file *)file);
}

static long ioctl_file(struct kapi_file *file, uint32_t command, uint64_t argument)
{
	return file_ioctl((struct file *)file, command, argument);
}

__attribute__((visibility("default"))) extern const struct kapi_library kapi_library;
const struct kapi_library kapi_library = {
	.mark = KAPI_LIBRARY_MARK,
	.core_size = sizeof(struct kapi_core),
	.attach = attach,
	.detach = detach,
	.set_report = kapi_set_report,
	.set_print = kapi_set_print,
	.set_invalidate = kapi_set_invalidate,
	.set_host_memory = kapi_set_host_memory,
	.param = kapi_param,
	.set_param = kapi_set_param,
	.load_modules = kapi_load_modules,
	.unload_modules = kapi_unload_modules,
	.fault = kapi_fault,
	.fault_passes = kapi_fault_passes,
	.fault_word = kapi_fault_word,
	.check_word = kapi_check_word,
	.call = call,
	.resume = resume,
	.run = kapi_run,
	.waits_for = waits_for,
	.outside = thread_call_outside,
	.is_outside = is_outside,
	.inside = thread_call_inside,
	.open = open_file,
	.close = close_file,
	.ioctl = ioctl_file,
	.exit = mm_exit_process,
};
