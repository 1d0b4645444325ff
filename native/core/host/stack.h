/* SPDX-License-Identifier: GPL-2.0-only */
/** @file stack.h Stacks of their own, on which calls stop in their middle. */
#ifndef HMMU_STACK_H
#define HMMU_STACK_H

#include "host/types.h"

/* WebAssembly can't change stacks. AddressSanitizer has notes on each stack, which a rollback would leave as they are. */
#if defined(__ELF__) && (defined(__x86_64__) || defined(__aarch64__)) && !defined(__SANITIZE_ADDRESS__)
#define STACKS_ARE_POSSIBLE 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#undef STACKS_ARE_POSSIBLE
#define STACKS_ARE_POSSIBLE 0
#endif
#endif
#else
#define STACKS_ARE_POSSIBLE 0
#endif

/** Go on where @p to stands; where this stack stands goes to *@p from. */
extern void hmmu_stack_switch(u8 **from, u8 *to);
/** Where a new stack stands that ends at @p top, and calls a function that must not return. */
extern u8 *hmmu_stack_new(u8 *top, void (*function)(void *), void *argument);

#endif
