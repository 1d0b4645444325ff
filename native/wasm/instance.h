/* SPDX-License-Identifier: GPL-2.0-only */
/**
 * @file instance.h
 * The core as a WebAssembly module, for lib/wasm. An instance of the module has one machine at a time, so what belongs
 * to it may be global.
 *
 * What is exported has the names, arguments and results of NativeMachine in lib/native/interface.ts, as far as numbers
 * will do. Addresses, lengths and counts of pages are doubles, as JavaScript has them. The module imports nothing: what
 * it calls are functions that JavaScript puts into its table (see driver.c).
 */
#ifndef HMMU_WASM_INSTANCE_H
#define HMMU_WASM_INSTANCE_H

#include <hmmu/hmmu.h>

/** Before a function: the module exports it under a name. Linters read these files as code for another machine. */
#if defined(__wasm__)
#define EXPORT(name) __attribute__((export_name(#name)))
#else
#define EXPORT(name) __attribute__((used))
#endif

#define TOLD 64

struct instance {
	struct hmmu *machine;
	struct hmmu_error refusal; /**< why a snapshot was not restored */
	double told[TOLD];         /**< further results of the last call; JavaScript reads them at once */
};
extern struct instance instance;

/** Ends the order of the machine that is under way, if there is one. */
void wasm_order_end(void);

/** An address, length or count. What is no unsigned 64-bit number becomes an address past all memory. */
static inline uint64_t whole(double value)
{
	return value >= 0 && value < 18446744073709551616.0 ? (uint64_t)value : UINT64_MAX;
}

/** A number that a function with a negative errno gave away, or the errno. */
static inline double numbered(int err, uint64_t number)
{
	return err < 0 ? err : (double)number;
}

#endif
