/* SPDX-License-Identifier: GPL-2.0-only */
/* The public functions: each calls that of the machine's kernel. */
#include "kernel/kernel.h"

#include <errno.h>
#include <string.h>

#include "host/migration.h"
#include "host/snapshot.h"
#include "kernel/selfcheck.h"

/* By enum hmmu_profile. */
static const struct kernel_ops *const kernels[] = {
#define X(name, value, word, kernel, quirks, text) [value] = &kernel_##kernel,
	HMMU_PROFILES(X)
#undef X
};
#define KERNELS (sizeof(kernels) / sizeof(kernels[0]))

int hmmu_create(const struct hmmu_options *options, struct hmmu **machine)
{
	u32 profile = options ? options->profile : HMMU_PROFILE_LINUX_4_14;

	return profile < KERNELS ? kernels[profile]->create(options, machine) : -EINVAL;
}

int hmmu_destroy(struct hmmu *m)
{
	return m ? m->kernel->destroy(m) : 0;
}

/* The kernel whose machine a snapshot says that it has. Of bytes that are no snapshot any kernel can tell. */
static const struct kernel_ops *kernel_of_snapshot(const void *bytes, size_t size)
{
	const struct snapshot_header *header = bytes;
	const struct state *state;

	if (!header || size < sizeof(*header) + sizeof(struct piece) || header->magic != SNAPSHOT_MAGIC)
		return kernels[0];
	state = (const struct state *)((const struct piece *)(header + 1))->bytes;
	return kernels[state->profile < KERNELS ? state->profile : 0];
}

int hmmu_restore_with(const void *bytes, size_t size, uint32_t flags, struct hmmu **machine, struct hmmu_error *error)
{
	return kernel_of_snapshot(bytes, size)->restore_with(bytes, size, flags, machine, error);
}

int hmmu_restore(const void *bytes, size_t size, struct hmmu **machine)
{
	return hmmu_restore_with(bytes, size, 0, machine, NULL);
}

#define X(type, name, parameters, arguments) \
	type hmmu_##name parameters \
	{ \
		selfcheck(m, #name, m->kernel->name arguments) return m->kernel->name arguments; \
	}
MACHINE_CALLS(X)
#undef X

static const struct kernel_ops *kernel_of(const struct hmmu_migration *mig)
{
	return mig->ctx.m->kernel;
}

#define X(type, name, parameters, arguments) \
	type hmmu_##name parameters \
	{ \
		selfcheck(mig->ctx.m, #name, kernel_of(mig)->name arguments) return kernel_of(mig)->name arguments; \
	}
MIGRATION_CALLS(X)
#undef X

static int alloc_and_copy_of_kernel(struct hmmu_migration *mig, void *data)
{
	return kernel_of(mig)->builtin_ops->alloc_and_copy(mig, data);
}

const struct hmmu_migrate_ops hmmu_builtin_ops = { .alloc_and_copy = alloc_and_copy_of_kernel };
