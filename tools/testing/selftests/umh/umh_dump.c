// SPDX-License-Identifier: GPL-2.0-only
/*
 * A helper that writes its inherited state to the file "dump" in its folder, one field per
 * line. It omits the fields that differ between any two processes: process ids, addresses,
 * sizes, counters and times.
 */
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#define IOPRIO_WHO_PROCESS	1

static FILE *out;

static void number(const char *name, long value)
{
	if (value == -1 && errno)
		fprintf(out, "%s: errno %d\n", name, errno);
	else
		fprintf(out, "%s: %ld\n", name, value);
	errno = 0;
}

static void words(const char *name, char *const *list)
{
	fprintf(out, "%s:", name);
	for (; *list; list++)
		fprintf(out, " '%s'", *list);
	fputs("\n", out);
}

static void file(const char *path)
{
	char line[1024];
	FILE *in = fopen(path, "r");

	while (in && fgets(line, sizeof(line), in))
		fprintf(out, "%s: %s%s", path, line,
			strchr(line, '\n') ? "" : "\n");
	if (in)
		fclose(in);
	errno = 0;
}

static int is_of_one_process(const char *line)
{
	static const char * const names[] = {
		"State:", "Tgid:", "Ngid:", "Pid:", "NStgid:", "NSpid:",
		"NSpgid:", "NSsid:", "Vm", "Rss", "Hugetlb", "SigQ:",
		"voluntary_", "nonvoluntary_", NULL
	};
	int i;

	for (i = 0; names[i]; i++)
		if (!strncmp(line, names[i], strlen(names[i])))
			return 1;
	return 0;
}

static void dump_status(void)
{
	FILE *in = fopen("/proc/self/status", "r");
	char line[1024];

	while (in && fgets(line, sizeof(line), in))
		if (!is_of_one_process(line))
			fprintf(out, "status %s", line);
	if (in)
		fclose(in);
}

/* Some fields of /proc/self/stat, numbered as in proc(5) */
static void stat_fields(void)
{
	static const int wanted[] = { 5, 6, 7, 8, 18, 19, 38, 40, 41, 0 };
	FILE *in = fopen("/proc/self/stat", "r");
	char line[1024], *word;
	int i = 0, field = 3;

	if (!in || !fgets(line, sizeof(line), in))
		exit(2);
	fclose(in);
	word = strtok(strrchr(line, ')') + 1, " ");
	for (; word && wanted[i]; word = strtok(NULL, " "), field++)
		if (field == wanted[i]) {
			fprintf(out, "stat field %d: %s\n", field, word);
			i++;
		}
}

static void links(const char *dir)
{
	struct dirent **entries;
	char path[PATH_MAX], to[PATH_MAX];
	int i, n = scandir(dir, &entries, NULL, alphasort);
	ssize_t len;

	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		len = readlink(path, to, sizeof(to) - 1);
		if (len < 0)
			continue;
		to[len] = '\0';
		fprintf(out, "%s: %s\n", path, to);
	}
	errno = 0;
}

static void place(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		exit(3);
	fprintf(out, "%s: %llx:%lu\n", path,
		(unsigned long long)st.st_dev, st.st_ino);
}

static void limits(void)
{
	struct rlimit limit;
	int i;

	for (i = 0; !getrlimit(i, &limit); i++)
		fprintf(out, "rlimit %d: %lx %lx\n", i, limit.rlim_cur,
			limit.rlim_max);
	errno = 0;
}

static void scheduling(void)
{
	unsigned int attr[14] = { 0 }, i;
	unsigned long cpus[16] = { 0 };

	number("nice", getpriority(PRIO_PROCESS, 0));
	number("scheduler", sched_getscheduler(0));
	number("sched_getattr",
	       syscall(SYS_sched_getattr, 0, attr, sizeof(attr), 0));
	for (i = 0; i < 14; i++)
		fprintf(out, "sched_attr %u: %x\n", i, attr[i]);
	syscall(SYS_sched_getaffinity, 0, sizeof(cpus), cpus);
	fprintf(out, "affinity: %lx\n", cpus[0]);
	number("ioprio", syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
	file("/proc/self/autogroup");
}

static void memory_policy(void)
{
	unsigned long nodes[16] = { 0 };
	int mode = -1;

	number("get_mempolicy",
	       syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, 0, 0));
	fprintf(out, "mempolicy: %d %lx\n", mode, nodes[0]);
}

static void actions(void)
{
	struct sigaction action;
	stack_t stack;
	int i;

	for (i = 1; i < NSIG; i++)
		if (!sigaction(i, NULL, &action) && action.sa_handler)
			fprintf(out, "signal %d: %s\n", i,
				action.sa_handler == SIG_IGN ? "ignored" : "?");
	sigaltstack(NULL, &stack);
	fprintf(out, "sigaltstack flags: %d\n", stack.ss_flags);
	errno = 0;
}

static void dump_timers(void)
{
	struct itimerval timer;
	int i;

	for (i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
		getitimer(i, &timer);
		fprintf(out, "itimer %d: %s\n", i,
			timer.it_value.tv_sec || timer.it_value.tv_usec ?
			"armed" : "off");
	}
	file("/proc/self/timers");
	file("/proc/self/timens_offsets");
}

/* Dumps the description: the serial number of a keyring that is created on demand varies. */
static void keyring(const char *name, int id)
{
	char text[256] = "";

	number(name, syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, text,
			     sizeof(text) - 1) < 0 ? -1 : 0);
	fprintf(out, "%s: %s\n", name, text);
}

static void keys(void)
{
	keyring("thread keyring", KEY_SPEC_THREAD_KEYRING);
	keyring("process keyring", KEY_SPEC_PROCESS_KEYRING);
	keyring("session keyring", KEY_SPEC_SESSION_KEYRING);
	keyring("request key", KEY_SPEC_REQKEY_AUTH_KEY);
	number("default request keyring",
	       syscall(SYS_keyctl, KEYCTL_SET_REQKEY_KEYRING, -1));
}

static void controls(void)
{
	int value = 0;

	number("securebits", prctl(PR_GET_SECUREBITS));
	number("keepcaps", prctl(PR_GET_KEEPCAPS));
	number("dumpable", prctl(PR_GET_DUMPABLE));
	number("timerslack", prctl(PR_GET_TIMERSLACK));
	number("no huge pages", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	number("io flusher", prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	number("mce kill", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	prctl(PR_GET_PDEATHSIG, &value);
	number("parent death signal", value);
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	number("subreaper", value);
	prctl(PR_GET_TSC, &value);
	number("tsc", value);
	number("personality", personality(0xffffffff));
}

static void files(void)
{
	static const char * const names[] = {
		"cgroup", "cpuset", "oom_score_adj", "coredump_filter",
		"loginuid", "sessionid", "attr/current", "uid_map", "gid_map",
		"setgroups", "syscall_user_dispatch", NULL
	};
	char path[64];
	int i;

	for (i = 0; names[i]; i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", names[i]);
		file(path);
	}
}

static void dump(char **argv)
{
	words("arguments", argv + 1);
	words("environment", environ);
	dump_status();
	stat_fields();
	limits();
	scheduling();
	memory_policy();
	actions();
	dump_timers();
	keys();
	controls();
	files();
	links("/proc/self/ns");
	place("/");
	place(".");
}

/* Renames the dump once it is complete. */
int main(int argc, char **argv)
{
	char self[PATH_MAX] = "", name[PATH_MAX + 16], new[PATH_MAX + 16];
	char *text, *dir;
	size_t size;
	FILE *to;

	/* Lists the open files before this program opens any. */
	out = open_memstream(&text, &size);
	links("/proc/self/fd");
	dump(argv);
	fclose(out);

	if (argc < 1 || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	dir = dirname(self);
	snprintf(name, sizeof(name), "%s/dump", dir);
	snprintf(new, sizeof(new), "%s/dump.new", dir);
	to = fopen(new, "w");
	if (!to || fwrite(text, 1, size, to) != size || fclose(to))
		return 1;
	return !!rename(new, name);
}
