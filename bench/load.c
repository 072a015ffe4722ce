// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks that use the CPUs while their guest has its turn
 */
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmod_util.h"
#include "measure.h"

/* Shared by the tasks */
static struct load {
	atomic_int on;		/* a futex */
	atomic_int spinning;
} *load;

static int tasks;

/* Sleeps while the other guest has its turn. */
static void spin(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		while (!atomic_load(&load->on))
			syscall(SYS_futex, &load->on, FUTEX_WAIT, 0, NULL, NULL, 0);
		atomic_fetch_add(&load->spinning, 1);
		while (atomic_load(&load->on))
			;
		atomic_fetch_sub(&load->spinning, 1);
	}
}

/* Lets the caller run while the CPU would be idle. */
static void take_idle_time(int cpu)
{
	struct sched_param param = { 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	need(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	need(!sched_setscheduler(0, SCHED_IDLE, &param), "sched_setscheduler");
}

/*
 * Creates COUNT tasks, or if that is 0, one with SCHED_IDLE for each CPU: a CPU that halts is a
 * thread of the host that sleeps, and the host takes up to milliseconds to run it again.
 */
void load_create(int count)
{
	pid_t pid;
	int i;

	load = mmap(NULL, sizeof(*load), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	need(load != MAP_FAILED, "mmap");
	tasks = count ?: sysconf(_SC_NPROCESSORS_ONLN);
	for (i = 0; i < tasks; i++) {
		pid = fork();
		need(pid >= 0, "fork");
		if (pid)
			continue;
		if (!count)
			take_idle_time(i);
		spin();
	}
}

/* Returns when all tasks spin, or none. */
void load_switch(int on)
{
	atomic_store(&load->on, on);
	if (on)
		syscall(SYS_futex, &load->on, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
	while (atomic_load(&load->spinning) != (on ? tasks : 0))
		sleep_ns(MS);
}
