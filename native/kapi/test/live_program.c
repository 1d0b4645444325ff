/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A user program in emulated memory, as any other one: live_program TEST. Drives lib/test_hmm.c. It has no cmocka, which has a
 * handler for SIGSEGV.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lib/test_hmm_uapi.h>

#define PAGE 4096ul
#define PAGES 16ul
#define SIZE (PAGES * PAGE)

#define CHECK(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno); \
			_exit(1); \
		} \
	} while (0)

static int device;

static void open_device(void)
{
	device = open("/dev/hmm_dmirror0", O_RDWR);
	CHECK(device >= 0);
}

static char *map(size_t size, int flags)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

static void fill(char *memory, unsigned long pages, char value)
{
	for (unsigned long i = 0; i < pages; i++)
		memory[i * PAGE] = (char)(value + (char)i);
}

static bool is_filled(const char *memory, unsigned long pages, char value)
{
	for (unsigned long i = 0; i < pages; i++)
		if (((const volatile char *)memory)[i * PAGE] != (char)(value + (char)i))
			return false;
	return true;
}

/* A call of the device for pages; its buffer is memory of the host. */
static int ask(int file, unsigned long command, char *memory, unsigned long pages)
{
	char *buffer = calloc(pages, PAGE);
	struct hmm_dmirror_cmd arguments = { .addr = (uint64_t)memory, .ptr = (uint64_t)buffer, .npages = pages };
	int err = ioctl(file, command, &arguments);

	free(buffer);
	return err;
}

static bool is_on_device(char *memory)
{
	unsigned char what;
	struct hmm_dmirror_cmd arguments = { .addr = (uint64_t)memory, .ptr = (uint64_t)&what, .npages = 1 };

	CHECK(!ioctl(device, HMM_DMIRROR_SNAPSHOT, &arguments));
	return (what & 0xf0) == HMM_DMIRROR_PROT_DEV_PRIVATE_LOCAL;
}

/* How a child ends. */
static int wait_for(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child);
	return status;
}

/* --- processes --- */

static void use_own_memory(char *memory)
{
	int own = open("/dev/hmm_dmirror0", O_RDWR);

	CHECK(own >= 0 && is_filled(memory, PAGES, 1));
	fill(memory, PAGES, 2);
	CHECK(!ask(own, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	CHECK(is_filled(memory, PAGES, 2));
	CHECK(!close(own));
}

/* A child, its child, and the parent each have a copy. */
static void test_fork(void)
{
	char *memory = map(SIZE, MAP_PRIVATE), *shared = map(PAGE, MAP_SHARED);
	pid_t child;

	fill(memory, PAGES, 1);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		pid_t grandchild = fork();

		use_own_memory(memory);
		if (grandchild)
			CHECK(wait_for(grandchild) == 0);
		__atomic_add_fetch(shared, 1, __ATOMIC_SEQ_CST);
		exit(0);
	}
	CHECK(wait_for(child) == 0);
	CHECK(is_filled(memory, PAGES, 1) && *shared == 2);
}

/* Two processes touch the pages that they share, while one has them migrate to and fro: each flush has to reach the other. */
static void test_flush(void)
{
	char *memory = map(SIZE, MAP_PRIVATE), *shared = map(PAGE, MAP_SHARED);
	pid_t child;

	fill(memory, PAGES, 1);
	child = fork();
	if (!child) {
		while (!*(volatile char *)shared)
			CHECK(is_filled(memory, PAGES, 1));
		fill(memory, PAGES, 3);
		CHECK(is_filled(memory, PAGES, 3));
		exit(0);
	}
	for (unsigned int i = 0; i < 100; i++) {
		/* The child may have brought the pages back before the driver looks at them. */
		CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES) || errno == ENOENT);
		if (i % 2)
			CHECK(is_filled(memory, PAGES, 1));
	}
	*shared = 1;
	CHECK(wait_for(child) == 0);
	CHECK(is_filled(memory, PAGES, 1));
}

/* A child is killed, in user space or in the middle of its calls. The machine goes on without it. */
static void test_killed(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);

	fill(memory, PAGES, 1);
	for (unsigned int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child)
			for (;;)
				if (i % 2)
					ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
		usleep(i * 200);
		CHECK(!kill(child, SIGTERM));
		/* Before the parent knows of the end, and after it. */
		CHECK(is_filled(memory, PAGES, 1));
		CHECK(WTERMSIG(wait_for(child)) == SIGTERM);
		CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
		CHECK(is_filled(memory, PAGES, 1));
	}
}

/* Linux 6.12 has a livelock when many fault on one device page. A process that does not get the page dies, and only it does. */
static void test_crowd(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);

	fill(memory, PAGES, 1);
	for (unsigned int i = 0; i < 30; i++) {
		pid_t child = fork();

		CHECK(child >= 0);
		if (child)
			continue;
		ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES);
		*memory = 5;
		_exit(0);
	}
	for (unsigned int i = 0; i < 30; i++) {
		int status;

		CHECK(wait(&status) > 0);
		CHECK(!status || WTERMSIG(status) == SIGSEGV);
	}
	CHECK(is_filled(memory, PAGES, 1));
}

#define STOPS 20

static char *stopped_memory;
static unsigned int ready;

static void *look_at_each_stop(void *round)
{
	for (char i = 0; i < STOPS; i++) {
		CHECK(*(volatile char *)round == i);
		__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
		while (*(volatile char *)round == i)
			;
		CHECK(is_filled(stopped_memory, PAGES, 1));
	}
	return NULL;
}

/* All threads are out of the kernel when the process stops. The parent changes the round before they go on. */
static void stop_often(char *round)
{
	pthread_t threads[3];

	for (unsigned int i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, look_at_each_stop, round));
	for (unsigned int i = 1; i <= STOPS; i++) {
		while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < i * 3)
			;
		raise(SIGSTOP);
		CHECK(is_filled(stopped_memory, PAGES, 1));
	}
	for (unsigned int i = 0; i < 3; i++)
		CHECK(!pthread_join(threads[i], NULL));
}

/* A stopped child is not waited for. Before it goes on, each of its threads has dropped what was flushed. */
static void test_stopped(void)
{
	char *round = map(PAGE, MAP_SHARED);
	pid_t child;
	int status;

	stopped_memory = map(SIZE, MAP_PRIVATE);
	fill(stopped_memory, PAGES, 1);
	child = fork();
	if (!child) {
		stop_often(round);
		exit(0);
	}
	for (unsigned int i = 0; i < STOPS; i++) {
		CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
		/* More flushes than a process keeps. */
		for (unsigned int k = 0; k < 10; k++) {
			CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, stopped_memory, PAGES));
			CHECK(is_filled(stopped_memory, PAGES, 1));
		}
		++*round;
		CHECK(!kill(child, SIGCONT));
	}
	CHECK(wait_for(child) == 0);
}

/* The end of a child is known by waitid(), too, when it is not only looked at. */
static void test_waitid(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	siginfo_t info;
	pid_t child;

	fill(memory, PAGES, 1);
	child = fork();
	if (!child)
		raise(SIGSTOP);
	/* Killed earlier, it could be in the middle of its fork, with the machine's lock. */
	CHECK(!waitid(P_PID, (id_t)child, &info, WSTOPPED) && info.si_code == CLD_STOPPED);
	CHECK(!kill(child, SIGKILL));
	CHECK(!waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) && info.si_pid == child);
	CHECK(!waitid(P_PID, (id_t)child, &info, WEXITED) && info.si_code == CLD_KILLED);
	CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	CHECK(is_filled(memory, PAGES, 1));
}

/* A child that becomes another program has no part in the machine any more. */
static void test_exec(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	pid_t child;

	fill(memory, PAGES, 1);
	child = fork();
	if (!child) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	CHECK(wait_for(child) == 0);
	CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	CHECK(is_filled(memory, PAGES, 1));
}

/* The new program lives on while its parent's pages are flushed. */
static void test_exec_flush(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	int ends[2];
	pid_t child;
	char byte;

	CHECK(!pipe2(ends, O_CLOEXEC));
	fill(memory, PAGES, 1);
	child = fork();
	if (!child) {
		/* One that cannot be executed leaves the process as it is. */
		CHECK(execl("/dev/null", "null", NULL) == -1 && errno == EACCES);
		CHECK(execlp("no-such-program", "no-such-program", NULL) == -1 && errno == ENOENT);
		CHECK(is_filled(memory, PAGES, 1));
		execlp("sh", "sh", "-c", "sleep 1; exit 3", NULL);
		_exit(1);
	}
	close(ends[1]);
	/* exec() closes the child's end of the pipe. */
	CHECK(read(ends[0], &byte, 1) == 0);
	for (unsigned int i = 0; i < 10; i++) {
		CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
		CHECK(is_filled(memory, PAGES, 1));
		fill(memory, PAGES, 1);
	}
	CHECK(WEXITSTATUS(wait_for(child)) == 3);
	CHECK(WEXITSTATUS(system("exit 4")) == 4);
}

/* The machine ends with a last process that becomes another program. A driver may have failed and have left something. */
static void test_exec_last(void)
{
	char *const arguments[] = { "sh", "-c", "exit $STATUS", NULL }, *const environment[] = { "STATUS=0", NULL };

	open("/dev/hmm_dmirror0", O_RDWR);
	execvpe("sh", arguments, environment);
	_exit(1);
}

/* The last process closes what all have open. */
static void test_orphan(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	int ends[2];
	char byte;

	CHECK(!pipe(ends));
	fill(memory, PAGES, 1);
	if (fork())
		_exit(0);
	close(ends[1]);
	CHECK(read(ends[0], &byte, 1) == 0);
	/* The driver mirrors its parent's memory, which is gone. */
	CHECK(ask(device, HMM_DMIRROR_READ, memory, PAGES) && errno == EFAULT);
	CHECK(is_filled(memory, PAGES, 1));
}

/* --- threads --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long rounds;
static __thread unsigned long own_rounds;

static void *migrate_often(void *memory)
{
	for (unsigned int i = 0; i < 50; i++) {
		/* Another thread may have brought the pages back before the driver looks at them. */
		CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES) || errno == ENOENT);
		CHECK(is_filled(memory, PAGES, 1));
		pthread_mutex_lock(&mutex);
		rounds++;
		pthread_mutex_unlock(&mutex);
		own_rounds++;
	}
	return (void *)own_rounds;
}

/* Calls of threads meet in the driver; their locks and variables are their own. */
static void test_threads(void)
{
	char *memory = map(2 * SIZE, MAP_PRIVATE);
	pthread_t threads[4];
	void *result;

	fill(memory, PAGES, 1);
	fill(memory + SIZE, PAGES, 1);
	for (unsigned int i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL, migrate_often, memory + i % 2 * SIZE));
	for (unsigned int i = 0; i < 4; i++) {
		CHECK(!pthread_join(threads[i], &result));
		CHECK((unsigned long)result == 50);
	}
	CHECK(rounds == 200);
}

static int begin[2];

static void *wait_and_migrate(void *memory)
{
	char byte;

	CHECK(read(begin[0], &byte, 1) == 1);
	return migrate_often(*(void **)memory);
}

/* A thread that is there before the device is opened. */
static void test_early_thread(void)
{
	static char *memory;
	pthread_t thread;
	void *result;

	CHECK(!pipe(begin));
	CHECK(!pthread_create(&thread, NULL, wait_and_migrate, &memory));
	open_device();
	memory = map(SIZE, MAP_PRIVATE);
	fill(memory, PAGES, 1);
	CHECK(write(begin[1], "", 1) == 1);
	CHECK(!pthread_join(thread, &result) && (unsigned long)result == 50);
	CHECK(is_filled(memory, PAGES, 1));
}

/* --- memory --- */

static void test_mremap(void)
{
	char *memory = map(SIZE, MAP_PRIVATE), *moved, *place;

	fill(memory, PAGES, 1);
	CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	CHECK(mremap(memory, SIZE, 2 * SIZE, 0) == MAP_FAILED && errno == ENOMEM);
	moved = mremap(memory, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
	CHECK(moved != MAP_FAILED && moved != memory);
	CHECK(is_on_device(moved + PAGE));
	CHECK(is_filled(moved, PAGES, 1) && !moved[SIZE]);
	CHECK(mremap(moved, 2 * SIZE, SIZE, 0) == moved);
	CHECK(mremap(moved, SIZE, 2 * SIZE, 0) == moved);
	CHECK(is_filled(moved, PAGES, 1) && !moved[SIZE]);
	place = map(2 * SIZE, MAP_PRIVATE);
	fill(place, 2 * PAGES, 7);
	CHECK(mremap(moved, SIZE, SIZE, MREMAP_FIXED | MREMAP_MAYMOVE, place + PAGE) == place + PAGE);
	CHECK(is_filled(place + PAGE, PAGES, 1) && is_filled(place, 1, 7));
	CHECK(mremap(place, SIZE, 0, 0) == MAP_FAILED && errno == EINVAL);
}

/* Mappings go back to the host as a whole or in parts, so a program can make any number of them. */
static void test_many_mappings(void)
{
	for (unsigned int i = 0; i < 9000; i++) {
		char *memory = map(3 * PAGE, MAP_PRIVATE);

		memory[PAGE] = 1;
		CHECK(!munmap(memory + PAGE, PAGE));
		CHECK(!munmap(memory, PAGE) && !munmap(memory + 2 * PAGE, PAGE));
	}
}

/* The host's calls do not know emulated memory. */
static void test_read_and_write(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	int ends[2];

	CHECK(!pipe(ends));
	fill(memory, PAGES, 1);
	CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	CHECK(write(ends[1], memory, 2 * PAGE) == 2 * PAGE);
	fill(memory, PAGES, 5);
	CHECK(read(ends[0], memory + PAGE, 2 * PAGE) == 2 * PAGE);
	CHECK(is_filled(memory + PAGE, 2, 1));
}

/* The host moves as much as the program may use, and does not kill it. */
static void test_bad_buffers(void)
{
	char *memory = map(SIZE, MAP_PRIVATE), bytes[20];
	int ends[2];

	CHECK(!pipe(ends));
	fill(memory, PAGES, 1);
	memory[PAGE - 1] = 7;
	CHECK(!munmap(memory + PAGE, PAGE) && !mprotect(memory + 3 * PAGE, PAGE, PROT_READ));
	CHECK(!mprotect(memory + 4 * PAGE, PAGE, PROT_NONE));
	CHECK(write(ends[1], memory + PAGE - 10, 100) == 10);
	CHECK(read(ends[0], bytes, sizeof(bytes)) == 10 && bytes[9] == 7);
	CHECK(write(ends[1], memory + PAGE - 10, 100) == 10);
	CHECK(read(ends[0], memory + 3 * PAGE, 100) == -1 && errno == EFAULT);
	CHECK(read(ends[0], memory + 3 * PAGE - 5, 100) == 5);
	CHECK(read(ends[0], memory + PAGE - 4, 100) == 4);
	CHECK(read(ends[0], memory, 100) == 1 && *memory == 7);
	CHECK(write(ends[1], memory + 4 * PAGE, 1) == -1 && errno == EFAULT);
	CHECK(write(ends[1], memory + 3 * PAGE, PAGE + 1) == PAGE);
	/* One that is larger than what is moved at once. */
	CHECK(pread(open("/dev/zero", O_RDONLY), memory + 5 * PAGE, 11 * PAGE, 0) > 0 && !memory[5 * PAGE]);
	CHECK(write(ends[1], memory + 4 * PAGE, 0) == 0);
}

/* A driver's own read() and write(): with emulated memory, memory of the host, and none. */
static void test_device_read_and_write(void)
{
	char *memory = map(SIZE, MAP_PRIVATE), word[5];
	int echo = open("/sys/kernel/debug/echo", O_RDWR);

	CHECK(echo >= 0);
	CHECK(write(echo, "word", 5) == 5);
	CHECK(pread(echo, memory, 5, 0) == 5 && !strcmp(memory, "word"));
	CHECK(pread(echo, word, 5, 3) == 2 && word[0] == 'd');
	fill(memory, 2, 1);
	CHECK(pwrite(echo, memory, 2 * PAGE, 0) == 2 * PAGE);
	CHECK(read(echo, memory + 4 * PAGE, PAGE) == PAGE && read(echo, memory + 5 * PAGE, SIZE) == PAGE);
	CHECK(is_filled(memory + 4 * PAGE, 2, 1));
	CHECK(write(echo, (void *)8, 5) == -1 && errno == EFAULT);
	CHECK(read(device, memory, 5) == -1 && errno == EINVAL);
	CHECK(!close(echo));
}

static void test_mlock(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);

	CHECK(!mlock(memory, SIZE));
	fill(memory, PAGES, 1);
	CHECK(!ask(device, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	CHECK(!munlock(memory, SIZE));
	CHECK(is_filled(memory, PAGES, 1));
	CHECK(mlock(memory, SIZE + PAGE) && errno == ENOMEM);
}

/* The device is closed with its last descriptor. */
static void test_dup(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	int copy = fcntl(device, F_DUPFD_CLOEXEC, 60), other = dup3(device, 50, O_CLOEXEC),
	    plain = open("/dev/null", O_RDWR);

	CHECK(copy >= 60 && other == 50 && fcntl(copy, F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(device, F_DUPFD, 60) == copy + 1);
	fill(memory, PAGES, 1);
	CHECK(!close(device) && !close(copy + 1));
	CHECK(ask(copy + 1, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES) && errno == EBADF);
	CHECK(!ask(copy, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	/* A copy that fails leaves both as they are. */
	CHECK(dup2(-1, copy) == -1 && errno == EBADF);
	CHECK(dup3(other, other, 0) == -1 && errno == EINVAL);
	CHECK(dup2(other, other) == other);
	CHECK(is_filled(memory, PAGES, 1));
	CHECK(!ask(copy, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	/* One of another file is no device any more, and the other way round. */
	CHECK(dup2(plain, copy) == copy && ask(copy, HMM_DMIRROR_READ, memory, PAGES) && errno == ENOTTY);
	CHECK(dup2(other, plain) == plain && !close(other));
	CHECK(is_filled(memory, PAGES, 1));
	CHECK(!ask(plain, HMM_DMIRROR_MIGRATE_TO_DEV, memory, PAGES));
	/* The kernel has no room for more. */
	while ((copy = dup(plain)) >= 0)
		;
	CHECK(errno == EMFILE);
	CHECK(is_filled(memory, PAGES, 1));
}

/* --- what is refused --- */

static void test_bad_pointers(void)
{
	char *memory = map(SIZE, MAP_PRIVATE);
	struct hmm_dmirror_cmd arguments = { .addr = (uint64_t)memory, .ptr = 16, .npages = 1 };
	pid_t child;

	CHECK(ioctl(device, HMM_DMIRROR_READ, (void *)8) && errno == EFAULT);
	*memory = 1;
	CHECK(ioctl(device, HMM_DMIRROR_READ, &arguments) && errno == EFAULT);
	CHECK(!munmap(memory + PAGE, PAGE));
	child = fork();
	if (!child) {
		memory[PAGE] = 1;
		exit(0);
	}
	CHECK(WTERMSIG(wait_for(child)) == SIGSEGV);
	child = fork();
	if (!child) {
		CHECK(!mprotect(memory, PAGE, PROT_READ));
		*memory = 1;
		exit(0);
	}
	CHECK(WTERMSIG(wait_for(child)) == SIGSEGV);
}

static void on_signal(int number)
{
	(void)number;
}

static void test_handler(void)
{
	const struct sigaction action = { .sa_handler = on_signal };

	CHECK(sigaction(SIGSEGV, &action, NULL) && errno == ENOTSUP);
	CHECK(signal(SIGSEGV, on_signal) == SIG_ERR && errno == ENOTSUP);
	CHECK(!sigaction(SIGUSR1, &action, NULL));
}

static void test_earlier_handler(void)
{
	signal(SIGSEGV, on_signal);
	CHECK(open("/dev/hmm_dmirror0", O_RDWR) == -1 && errno == ENOTSUP);
}

static const struct {
	const char *name;
	void (*function)(void);
	bool without_device;
} tests[] = {
	{ "fork", test_fork },
	{ "flush", test_flush },
	{ "killed", test_killed },
	{ "crowd", test_crowd },
	{ "stopped", test_stopped },
	{ "exec", test_exec },
	{ "exec-flush", test_exec_flush },
	{ "exec-last", test_exec_last, true },
	{ "waitid", test_waitid },
	{ "orphan", test_orphan },
	{ "threads", test_threads },
	{ "early-thread", test_early_thread, true },
	{ "mremap", test_mremap },
	{ "many-mappings", test_many_mappings },
	{ "read-and-write", test_read_and_write },
	{ "bad-buffers", test_bad_buffers },
	{ "device-read-and-write", test_device_read_and_write },
	{ "mlock", test_mlock },
	{ "dup", test_dup },
	{ "bad-pointers", test_bad_pointers },
	{ "handler", test_handler },
	{ "earlier-handler", test_earlier_handler, true },
};

int main(int count, char **arguments)
{
	for (size_t i = 0; count == 2 && i < sizeof(tests) / sizeof(tests[0]); i++)
		if (!strcmp(tests[i].name, arguments[1])) {
			if (!tests[i].without_device)
				open_device();
			tests[i].function();
			return 0;
		}
	fprintf(stderr, "live_program TEST: no such test\n");
	return 2;
}
