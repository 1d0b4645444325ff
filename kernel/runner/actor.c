// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process of a drill. It waits at a mailbox in shared memory for one command
 * at a time. Its main thread and HELPERS more serve; helpers run the commands
 * that a script interleaves with a migration. No libc is used here: these
 * processes are forked and cloned in ways that libc does not expect.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/mman.h>
#include <ucontext.h>
#include "runner.h"

long sys6(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d, r8 asm("r8") = e, r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

/*
 * One load or store. iretq serializes: nothing of the next access is done
 * ahead of its turn, so that no page is marked accessed by speculation.
 */
asm(".text\n"
    ".macro serialize_cpu\n"
    "	movq %rsp, %r11\n"
    "	movl %ss, %eax\n"
    "	pushq %rax\n"
    "	pushq %r11\n"
    "	pushfq\n"
    "	movl %cs, %eax\n"
    "	pushq %rax\n"
    "	leaq 9f(%rip), %rax\n"
    "	pushq %rax\n"
    "	iretq\n"
    "9:\n"
    ".endm\n"
    "access_load:\n"
    "	serialize_cpu\n"
    "access_begin:\n"
    "	movzbl (%rdi), %edx\n"
    "	movb %dl, (%rsi)\n"
    "	xorl %edx, %edx\n"
    "	jmp access_done\n"
    "access_store:\n"
    "	serialize_cpu\n"
    "	movb %sil, (%rdi)\n"
    "access_end:\n"
    "	xorl %edx, %edx\n"
    "access_done:\n"
    "	serialize_cpu\n"
    "	movl %edx, %eax\n"
    "	ret\n");
extern int access_load(uint64_t addr, uint8_t *value);
extern int access_store(uint64_t addr, uint8_t value);
extern char access_begin[], access_end[], access_done[];

void on_fault(int sig, siginfo_t *info __attribute__((unused)), void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;

	if (r[REG_RIP] < (greg_t)access_begin || r[REG_RIP] >= (greg_t)access_end)
		SYS(SYS_exit_group, 99);
	r[REG_RDX] = sig;
	r[REG_RIP] = (greg_t)access_done;
}

static char stacks[THREADS + 1][STACK] __attribute__((aligned(4096)));
static int my_slot, my_uffd = -1;

void actor_main(int slot, int stack) __attribute__((noreturn));
static void serve(int slot, int thread, int stack) __attribute__((noreturn));

static long actor_map(uint64_t *a)
{
	uint64_t addr = a[0], size = a[1] * PAGE;
	int kind = a[2], ro = a[3], thp = a[4], prot, flags, fd = -1;
	long ret;

	prot = PROT_READ | (ro ? 0 : PROT_WRITE);
	flags = MAP_FIXED;
	switch (kind) {
	case K_ANON:
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
		break;
	case K_HUGETLB:
		flags |= MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
		break;
	case K_SHMEM:
		flags |= MAP_SHARED | MAP_ANONYMOUS;
		break;
	case K_FILE:
	case K_SHAREDFILE:
		flags |= kind == K_FILE ? MAP_PRIVATE : MAP_SHARED;
		fd = SYS(SYS_open, "/tmp/file", O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd < 0)
			return fd;
		SYS(SYS_unlink, "/tmp/file");
		SYS(SYS_ftruncate, fd, size);
		break;
	case K_SPECIAL:
		flags |= MAP_SHARED;
		fd = oracle_fd;
		break;
	}
	ret = SYS(SYS_mmap, addr, size, prot, flags, fd, 0);
	if (kind == K_FILE || kind == K_SHAREDFILE)
		SYS(SYS_close, fd);
	if (ret < 0 && ret > -4096)
		return ret;
	if (kind == K_SPECIAL || kind == K_HUGETLB)
		return 0;
	return SYS(SYS_madvise, addr, size, thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static long actor_uffd(uint64_t addr, uint64_t pages, int wp)
{
	struct uffdio_register reg = {
		.range = { .start = addr, .len = pages * PAGE },
		.mode = wp ? UFFDIO_REGISTER_MODE_WP : UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_writeprotect protect = {
		.range = reg.range,
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	long ret;

	if (my_uffd < 0) {
		struct uffdio_api api = {
			.api = UFFD_API,
			.features = UFFD_FEATURE_SIGBUS,
		};

		ret = SYS(SYS_userfaultfd, O_NONBLOCK);
		if (ret < 0)
			return ret;
		my_uffd = ret;
		ret = SYS(SYS_ioctl, my_uffd, UFFDIO_API, &api);
		if (ret < 0)
			return ret;
	}
	ret = SYS(SYS_ioctl, my_uffd, UFFDIO_REGISTER, &reg);
	if (ret || !wp)
		return ret;
	return SYS(SYS_ioctl, my_uffd, UFFDIO_WRITEPROTECT, &protect);
}

static long actor_clear(void)
{
	long fd = SYS(SYS_open, "/proc/self/clear_refs", O_WRONLY), ret;

	if (fd < 0)
		return fd;
	ret = SYS(SYS_write, fd, "4", 1);
	SYS(SYS_close, fd);
	return ret < 0 ? ret : 0;
}

/* the child is a child of the controller, which reaps it */
static long actor_fork(int slot, int stack)
{
	long pid = SYS(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		actor_main(slot, stack);
	return pid;
}

/*
 * A drill with "memcg": while a command runs, its process belongs to the
 * group with the limit; what a process needs for itself is touched outside.
 */
static void set_limited(int slot, struct mailbox *m, int on)
{
	if (limited_fd < 0 || m->op == OP_FORK || m->op == OP_EXIT || m->op == OP_EVICT)
		return;
	if (on && __atomic_add_fetch(&sh->limited[slot], 1, __ATOMIC_SEQ_CST) == 1)
		SYS(SYS_write, limited_fd, "0", 1);
	if (!on && __atomic_sub_fetch(&sh->limited[slot], 1, __ATOMIC_SEQ_CST) == 0)
		SYS(SYS_write, free_fd, "0", 1);
}

static void perform(struct mailbox *m, int stack)
{
	uint64_t *a = m->a, i;

	m->ret = 0;
	switch (m->op) {
	case OP_MAP:
		m->ret = actor_map(a);
		break;
	case OP_UNMAP:
		m->ret = SYS(SYS_munmap, a[0], a[1] * PAGE);
		break;
	case OP_PROTECT:
		m->ret = SYS(SYS_mprotect, a[0], a[1] * PAGE, a[2]);
		break;
	case OP_ADVISE:
		m->ret = SYS(SYS_madvise, a[0], a[1] * PAGE, a[2]);
		break;
	case OP_LOCK:
		m->ret = SYS(SYS_mlock, a[0], a[1] * PAGE);
		break;
	case OP_UNLOCK:
		m->ret = SYS(SYS_munlock, a[0], a[1] * PAGE);
		break;
	case OP_WRITE:
		for (i = 0; i < a[1]; i++)
			m->status[i] = access_store(a[0] + i * PAGE, a[2]);
		break;
	case OP_READ:
		for (i = 0; i < a[1]; i++)
			m->status[i] = access_load(a[0] + i * PAGE, &m->value[i]);
		break;
	case OP_CLEAR:
		m->ret = actor_clear();
		break;
	case OP_UFFD:
		m->ret = actor_uffd(a[0], a[1], a[2]);
		break;
	case OP_FORK:
		m->ret = actor_fork(a[0], stack);
		break;
	case OP_EXIT:
		SYS(SYS_exit_group, 0);
		break;
	case OP_PIN: {
		struct or_pin p = {
			.addr = a[0],
			.npages = a[1],
			.handle = a[2],
			.flags = a[3],
		};

		m->ret = SYS(SYS_ioctl, oracle_fd, OR_PIN, &p);
		break;
	}
	case OP_MIGRATE:
		m->ret = SYS(SYS_ioctl, oracle_fd, OR_MIGRATE, &sh->migrate);
		break;
	case OP_EVICT:
		m->ret = SYS(SYS_ioctl, oracle_fd, OR_EVICT, &sh->migrate);
		break;
	case OP_MIRROR: {
		struct or_mirror x = {
			.addr = a[0],
			.npages = a[1],
			.out = (uint64_t)m->word,
			.fault = a[2],
			.write = a[3],
			.stranger = a[4],
		};

		m->ret = SYS(SYS_ioctl, oracle_fd, OR_MIRROR, &x);
		if (!m->ret)
			m->ret = x.ret;
		break;
	}
	case OP_EXCLUSIVE: {
		struct or_exclusive x = {
			.addr = a[0],
			.npages = a[1],
			.out = (uint64_t)m->word,
		};

		m->ret = SYS(SYS_ioctl, oracle_fd, OR_EXCLUSIVE, &x);
		break;
	}
	case OP_REMAP:
		m->ret = SYS(SYS_mremap, a[0], a[1] * PAGE, a[1] * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, a[2]);
		if (m->ret == (long)a[2])
			m->ret = 0;
		break;
	case OP_RECLAIM:
	case OP_TRUNCATE: {
		struct or_range r = {
			.addr = a[0],
			.end = a[0] + a[1] * PAGE,
			.npages = m->op == OP_RECLAIM ? a[1] : a[2],
		};

		m->ret = SYS(SYS_ioctl, oracle_fd, m->op == OP_RECLAIM ? OR_RECLAIM : OR_TRUNCATE, &r);
		break;
	}
	}
}

void wake(uint32_t *word)
{
	SYS(SYS_futex, word, FUTEX_WAKE, INT_MAX, 0, 0, 0);
}

static void serve(int slot, int thread, int stack)
{
	struct mailbox *m = &sh->box[slot][thread];

	m->tid = SYS(SYS_gettid);
	__atomic_add_fetch(&sh->ready[slot], 1, __ATOMIC_SEQ_CST);
	wake(&sh->ready[slot]);
	for (;;) {
		uint32_t rsp = __atomic_load_n(&m->rsp, __ATOMIC_SEQ_CST);

		if (__atomic_load_n(&m->req, __ATOMIC_SEQ_CST) == rsp) {
			SYS(SYS_futex, &m->req, FUTEX_WAIT, rsp, 0, 0, 0);
			continue;
		}
		set_limited(slot, m, 1);
		perform(m, stack);
		set_limited(slot, m, 0);
		__atomic_store_n(&m->rsp, rsp + 1, __ATOMIC_SEQ_CST);
		wake(&m->rsp);
	}
}

static void helper(long thread, long stack)
{
	serve(my_slot, thread, stack);
}

static void start_thread(int thread, int stack)
{
	long *top = (long *)(stacks[stack] + STACK) - 4;
	long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, ret;

	top[0] = thread;
	top[1] = stack;
	top[2] = (long)helper;
	asm volatile("xorl %%r10d, %%r10d\n"
		     "xorl %%r8d, %%r8d\n"
		     "syscall\n"
		     "testq %%rax, %%rax\n"
		     "jnz 1f\n"
		     "popq %%rdi\n"
		     "popq %%rsi\n"
		     "popq %%rax\n"
		     "xorl %%ebp, %%ebp\n"
		     "andq $-16, %%rsp\n"
		     "call *%%rax\n"
		     "1:\n"
		     : "=a"(ret)
		     : "a"(SYS_clone), "D"(flags), "S"(top), "d"(0L)
		     : "rcx", "r8", "r10", "r11", "memory");
	if (ret < 0)
		SYS(SYS_exit_group, 98);
}

/* stack: the one of stacks[] we run on, or -1 */
void actor_main(int slot, int stack)
{
	struct sched_param fifo = { .sched_priority = 1 };
	int i, free = 0;

	my_slot = slot;
	if (my_uffd >= 0) {
		SYS(SYS_close, my_uffd);
		my_uffd = -1;
	}
	/* Results are copied to shared memory by the kernel, whose faults there would take mmap_lock. */
	if (SYS(SYS_madvise, sh, sizeof(*sh), MADV_POPULATE_WRITE) || SYS(SYS_ioctl, oracle_fd, OR_ATTACH, 0))
		SYS(SYS_exit_group, 97);
	/*
	 * No other thread runs before the command ends or sleeps, whenever the clock ticks: neither a kernel thread nor a
	 * command that this one wakes.
	 */
	SYS(SYS_sched_setscheduler, 0, SCHED_FIFO, &fifo);
	for (i = 1; i < THREADS; i++) {
		if (free == stack)
			free++;
		start_thread(i, free++);
	}
	serve(slot, 0, stack);
}
