/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks: the registers that a function has to keep are pushed, then the stack pointer changes. */
#include "host/stack.h"

#if STACKS_ARE_POSSIBLE
void hmmu_stack_begin(void);

#if defined(__x86_64__)
__asm__(".text\n"
	".globl hmmu_stack_switch\n.hidden hmmu_stack_switch\n.type hmmu_stack_switch, @function\n"
	"hmmu_stack_switch:\n"
	"	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	mov %rsp, (%rdi)\n	mov %rsi, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n	pop %rbp\n"
	"	ret\n"
	".size hmmu_stack_switch, . - hmmu_stack_switch\n"
	".globl hmmu_stack_begin\n.hidden hmmu_stack_begin\n.type hmmu_stack_begin, @function\n"
	"hmmu_stack_begin:\n"
	"	mov %rbx, %rdi\n	call *%r12\n	ud2\n"
	".size hmmu_stack_begin, . - hmmu_stack_begin\n");

/** What hmmu_stack_switch() pops. */
struct switched_frame {
	u64 r15, r14, r13, function, argument, rbp;
	void (*begin)(void);
};
#else
__asm__(".text\n"
	".globl hmmu_stack_switch\n.hidden hmmu_stack_switch\n.type hmmu_stack_switch, %function\n"
	"hmmu_stack_switch:\n"
	"	sub sp, sp, #160\n"
	"	stp x19, x20, [sp]\n	stp x21, x22, [sp, #16]\n	stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]\n	stp x27, x28, [sp, #64]\n	stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n	stp d10, d11, [sp, #112]\n"
	"	stp d12, d13, [sp, #128]\n	stp d14, d15, [sp, #144]\n"
	"	mov x9, sp\n	str x9, [x0]\n	mov sp, x1\n"
	"	ldp x19, x20, [sp]\n	ldp x21, x22, [sp, #16]\n	ldp x23, x24, [sp, #32]\n"
	"	ldp x25, x26, [sp, #48]\n	ldp x27, x28, [sp, #64]\n	ldp x29, x30, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n	ldp d10, d11, [sp, #112]\n"
	"	ldp d12, d13, [sp, #128]\n	ldp d14, d15, [sp, #144]\n"
	"	add sp, sp, #160\n	ret\n"
	".size hmmu_stack_switch, . - hmmu_stack_switch\n"
	".globl hmmu_stack_begin\n.hidden hmmu_stack_begin\n.type hmmu_stack_begin, %function\n"
	"hmmu_stack_begin:\n"
	"	mov x0, x19\n	blr x20\n	brk #0\n"
	".size hmmu_stack_begin, . - hmmu_stack_begin\n");

struct switched_frame {
	u64 argument, function, x21_to_x28[8], x29;
	void (*begin)(void);
	u64 d8_to_d15[8];
};
#endif

u8 *hmmu_stack_new(u8 *top, void (*function)(void *), void *argument)
{
	struct switched_frame *frame = (struct switched_frame *)top - 1;

	*frame = (struct switched_frame){
		.function = (u64)(uintptr_t)function,
		.argument = (u64)(uintptr_t)argument,
		.begin = hmmu_stack_begin,
	};
	return (u8 *)frame;
}
#else
void hmmu_stack_switch(u8 **from, u8 *to)
{
	(void)from;
	(void)to;
}

u8 *hmmu_stack_new(u8 *top, void (*function)(void *), void *argument)
{
	(void)function;
	(void)argument;
	return top;
}
#endif
