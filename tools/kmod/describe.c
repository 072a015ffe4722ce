// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says in words what the journal has as numbers.
 */
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "kmodctl.h"

/* PROC_PID_INIT_INO in the kernel */
#define INITIAL_PIDNS	0xEFFFFFFCU

#define UNSET_LOGINUID	4294967295U

/* What only the kernel itself knows by name, but request_module() may return. */
#define ERESTARTSYS	512
#define ENOTSUPP	524

static u64 now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

u64 now_boottime(void)
{
	return now_ns(CLOCK_BOOTTIME);
}

/* Of the wall clock from the journal's, read in between two readings of that. */
static s64 clock_offset(void)
{
	u64 before, real, after, shortest = ULLONG_MAX;
	s64 offset = 0;
	int i;

	for (i = 0; i < 5; i++) {
		before = now_ns(CLOCK_BOOTTIME);
		real = now_ns(CLOCK_REALTIME);
		after = now_ns(CLOCK_BOOTTIME);
		if (after - before < shortest) {
			shortest = after - before;
			offset = (s64)(real - before);
		}
	}
	return offset;
}

/* What the wall clock showed then, or would have with its present setting. */
static struct timespec wall_clock(u64 boottime)
{
	s64 offset = clock_offset();
	s64 s = (s64)(boottime / NSEC_PER_SEC) + offset / (s64)NSEC_PER_SEC;
	s64 ns = (s64)(boottime % NSEC_PER_SEC) + offset % (s64)NSEC_PER_SEC;

	/* Between -1 and 2 seconds. */
	ns += NSEC_PER_SEC;
	return (struct timespec){ s - 1 + ns / (s64)NSEC_PER_SEC, ns % (s64)NSEC_PER_SEC };
}

/* Local time, by a format for strftime(3). */
char *describe_time(u64 boottime, const char *format)
{
	struct timespec then = wall_clock(boottime);
	char buffer[64] = "";
	struct tm tm;

	if (localtime_r(&then.tv_sec, &tm))
		strftime(buffer, sizeof(buffer), format, &tm);
	return text("%s.%03ld", buffer, then.tv_nsec / 1000000);
}

/* As in RFC 3339. */
char *describe_utc(u64 boottime)
{
	struct timespec then = wall_clock(boottime);
	char buffer[64] = "";
	struct tm tm;

	if (gmtime_r(&then.tv_sec, &tm))
		strftime(buffer, sizeof(buffer), "%Y-%m-%dT%H:%M:%S", &tm);
	return text("%s.%06ldZ", buffer, then.tv_nsec / 1000);
}

/* Three digits and a unit. */
static char *three_digits(u64 value, u64 unit, const char *name)
{
	double number = (double)value / (double)unit;

	return text("%.*f %s", number < 10 ? 2 : number < 100 ? 1 : 0, number, name);
}

char *describe_duration(u64 ns)
{
	u64 s = ns / NSEC_PER_SEC;

	if (!ns)
		return text_copy("-");
	if (ns < 1000)
		return text("%llu ns", ns);
	if (ns < 1000000)
		return three_digits(ns, 1000, "us");
	if (ns < NSEC_PER_SEC)
		return three_digits(ns, 1000000, "ms");
	if (s < 60)
		return three_digits(ns, NSEC_PER_SEC, "s");
	if (s < 3600)
		return text("%llu min %02llu s", s / 60, s % 60);
	return text("%llu h %02llu min", s / 3600, s / 60 % 60);
}

static char *describe_error(u64 error)
{
	const char *name = NULL;

	if (error == ERESTARTSYS)
		name = "ERESTARTSYS";
	else if (error == ENOTSUPP)
		name = "ENOTSUPP";
	else if (error <= INT_MAX)
		name = strerrorname_np((int)error);
	return name ? text_copy(name) : text("error %llu", error);
}

/* What __request_module() returned: 0, a wait(2) status, or a negative errno. */
char *describe_result(s64 result)
{
	if (!result)
		return text_copy("ok");
	if (result < 0)
		return describe_error(0 - (u64)result);
	if (result <= INT_MAX && WIFEXITED((int)result))
		return text("exit %d", WEXITSTATUS((int)result));
	if (result <= INT_MAX && WIFSIGNALED((int)result))
		return text("signal %d", WTERMSIG((int)result));
	return text("status %lld", result);
}

/* "ok", "failed, exit 1", "loop, ELOOP" */
char *describe_outcome(const struct record *record)
{
	const char *outcome = record_text(record, "outcome");
	char *result, *both;

	if (!strcmp(outcome, "ok"))
		return text_copy(outcome);
	result = describe_result(record_signed(record, "result"));
	both = text("%s, %s", *outcome ? outcome : "?", result);
	free(result);
	return both;
}

enum colour colour_of_outcome(const char *outcome)
{
	static const char *const denials[] = { "off", "name", "lsm", "policy", "loop" };
	size_t i;

	if (!strcmp(outcome, "ok"))
		return GREEN;
	for (i = 0; i < sizeof(denials) / sizeof(*denials); i++)
		if (!strcmp(outcome, denials[i]))
			return YELLOW;
	return RED;
}

char *describe_name(const struct record *record, const char *key)
{
	const char *name = record_text(record, key);

	if (!name)
		return text_copy("-");
	/* No name looks like that: a quote would be escaped. */
	return text_copy(*name ? name : "\"\"");
}

/* Appends to what is there already, and frees it. */
static char *also(char *before, const char *separator, const char *what, u64 number)
{
	char *after = text("%s%s%s%llu", before, *before ? separator : "", what, number);

	free(before);
	return after;
}

/*
 * "mount[312] uid 0", the login uid of somebody who is somebody else meanwhile, and the
 * namespaces of a container, as lsns(8) has them.
 */
char *describe_requester(const struct record *record)
{
	u64 uid = record_number(record, "uid"), login = record_number(record, "loginuid");
	u64 pidns = record_number(record, "pidns");
	char *comm = describe_name(record, "comm"), *who;

	who = text("%s[%llu] uid %llu", comm, record_number(record, "pid"), uid);
	free(comm);
	if (record_text(record, "loginuid") && login != UNSET_LOGINUID && login != uid)
		who = also(who, " ", "login ", login);
	if (record_number(record, "userns_level"))
		who = also(who, " ", "userns:", record_number(record, "userns"));
	if (pidns && pidns != INITIAL_PIDNS)
		who = also(who, " ", "pidns:", pidns);
	return who;
}

/* How a request is related to others, and whether anybody waited for it; or "-". */
char *describe_relation(const struct record *record)
{
	u64 parent = record_number(record, "parent"), into = record_number(record, "into");
	u64 joiners = record_number(record, "joiners");
	bool nowait = record_text(record, "wait") && !record_number(record, "wait");
	char *relation = text_copy(nowait ? "nowait" : "");

	if (parent)
		relation = also(relation, ", ", "in ", parent);
	if (into)
		relation = also(relation, ", ", "joined ", into);
	if (joiners)
		relation = also(relation, ", ", "joiners ", joiners);
	if (*relation)
		return relation;
	free(relation);
	return text_copy("-");
}
