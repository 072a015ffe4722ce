// SPDX-License-Identifier: GPL-2.0-only
/*
 * Human-readable descriptions of records.
 */
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

#include "kmodctl.h"
#include "policy_narrow.h"

/* PROC_PID_INIT_INO in the kernel */
#define INITIAL_PIDNS	0xEFFFFFFCU

#define UNSET_LOGINUID	4294967295U

/* Errors of request_module() that strerrorname_np() does not know. */
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

/* CLOCK_REALTIME minus CLOCK_BOOTTIME, from the fastest of five readings. */
static u64 clock_offset(void)
{
	u64 before, real, after, shortest = ULLONG_MAX;
	u64 offset = 0;
	int i;

	for (i = 0; i < 5; i++) {
		before = now_ns(CLOCK_BOOTTIME);
		real = now_ns(CLOCK_REALTIME);
		after = now_ns(CLOCK_BOOTTIME);
		if (after - before < shortest) {
			shortest = after - before;
			offset = real - before;
		}
	}
	return offset;
}

/* Converts CLOCK_BOOTTIME to CLOCK_REALTIME, using their present difference. */
static struct timespec wall_clock(u64 boottime)
{
	u64 ns = boottime + clock_offset();

	return (struct timespec){ (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };
}

/* Returns 0 for a time before boot, and the highest value for one that it does not reach. */
u64 boottime_of(time_t wall)
{
	u64 offset = clock_offset(), ns;

	if (wall < 0)
		return 0;
	if ((u64)wall > ULLONG_MAX / NSEC_PER_SEC)
		return ULLONG_MAX;
	ns = (u64)wall * NSEC_PER_SEC;
	return ns > offset ? ns - offset : 0;
}

/* Returns the local time in a format of strftime(3), with milliseconds. */
char *describe_time(u64 boottime, const char *format)
{
	struct timespec then = wall_clock(boottime);
	char buffer[64] = "";
	struct tm tm;

	if (localtime_r(&then.tv_sec, &tm))
		strftime(buffer, sizeof(buffer), format, &tm);
	return text("%s.%03ld", buffer, then.tv_nsec / 1000000);
}

/* Returns the local time if it is of today, or else the date and the time without seconds. */
char *describe_time_briefly(u64 boottime)
{
	struct timespec then = wall_clock(boottime);
	time_t now = time(NULL);
	char buffer[64] = "";
	struct tm tm, today;

	if (localtime_r(&then.tv_sec, &tm) && localtime_r(&now, &today))
		strftime(buffer, sizeof(buffer),
			 tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday ?
			 "%H:%M:%S" : "%b %e %H:%M", &tm);
	return text_copy(buffer);
}

/* Returns UTC in the format of RFC 3339. */
char *describe_utc(u64 boottime)
{
	struct timespec then = wall_clock(boottime);
	char buffer[64] = "";
	struct tm tm;

	if (gmtime_r(&then.tv_sec, &tm))
		strftime(buffer, sizeof(buffer), "%Y-%m-%dT%H:%M:%S", &tm);
	return text("%s.%06ldZ", buffer, then.tv_nsec / 1000);
}

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

/* @result: 0, a wait(2) status, or a negative errno. */
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

/* Returns, for example, "ok", "failed, exit 1" or "loop, ELOOP". */
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

/* True if a security module denied the request or a module. */
bool is_denied(const struct record *request)
{
	const char *outcome = record_text(request, "outcome");

	return outcome && (!strcmp(outcome, "lsm") || !strcmp(outcome, "policy"));
}

/* Green: success. Red: modprobe failed. Yellow: the kernel denied or gave up the request. */
const char *colour_of_result(const struct record *record)
{
	s64 result = record_signed(record, "result");

	if (!result)
		return GREEN;
	return result < 0 ? YELLOW : RED;
}

static char *with_spaces(const char *escaped)
{
	static const char space[] = "\\x20";
	char *string = text_copy(escaped), *found = string;

	while ((found = strstr(found, space))) {
		*found++ = ' ';
		memmove(found, found + strlen(space) - 1, strlen(found + strlen(space) - 1) + 1);
	}
	return string;
}

/*
 * Returns "-" if the record lacks the key. Users choose names, so one with a space has quotes, as
 * an empty one: a task named "sh[1] uid 0" must not look like another one. The kernel escapes
 * quotes.
 */
char *describe_name(const struct record *record, const char *key)
{
	const char *name = record_text(record, key);
	char *spaced, *quoted;

	if (!name)
		return text_copy("-");
	spaced = with_spaces(name);
	if (*name && !strchr(spaced, ' '))
		return spaced;
	quoted = text("\"%s\"", spaced);
	free(spaced);
	return quoted;
}

/* Returns, for example, "nf_tables_abort [nf_tables]". Only the kernel chooses this name. */
char *describe_site(const struct record *record)
{
	const char *site = record_text(record, "site");

	return site && *site ? with_spaces(site) : describe_name(record, "site");
}

/*
 * Returns, for example, "mount[312] uid 0 login 1000 userns:4026532281". Omits the login uid
 * if it equals the uid, and initial namespaces. Namespaces are shown as by lsns(8).
 */
char *describe_requester(const struct record *record)
{
	u64 uid = record_number(record, "uid"), login = record_number(record, "loginuid");
	u64 pidns = record_number(record, "pidns");
	char *comm = describe_name(record, "comm");
	char *requester = text("%s[%llu] uid %llu", comm, record_number(record, "pid"), uid);

	free(comm);
	if (record_field(record, "loginuid") && login != UNSET_LOGINUID && login != uid)
		requester = text_append(requester, " ", "login %llu", login);
	if (record_number(record, "userns_level"))
		requester = text_append(requester, " ", "userns:%llu",
					record_number(record, "userns"));
	if (pidns && pidns != INITIAL_PIDNS)
		requester = text_append(requester, " ", "pidns:%llu", pidns);
	return requester;
}

static bool is_container(const char *name)
{
	return container_prefix(name) || !strncmp(name, "machine-", strlen("machine-")) ||
	       !strncmp(name, "lxc.payload.", strlen("lxc.payload."));
}

/* Returns the related requests and "nowait" if the requester did not wait, or "-". */
char *describe_relation(const struct record *record)
{
	u64 parent = record_number(record, "parent"), into = record_number(record, "into");
	u64 joiners = record_number(record, "joiners");
	bool nowait = record_field(record, "wait") && !record_number(record, "wait");
	char *relation = text_copy(nowait ? "nowait" : "");

	if (parent)
		relation = text_append(relation, ", ", "in %llu", parent);
	if (into)
		relation = text_append(relation, ", ", "joined %llu", into);
	if (joiners)
		relation = text_append(relation, ", ", "joiners %llu", joiners);
	return *relation ? relation : text_append(relation, "", "-");
}

/*
 * Returns the outermost container or else the last unit in the path of the control group, or the
 * path, or "". Containers have units of their own.
 */
char *describe_unit(const struct record *record)
{
	char *cgroup = cgroup_path(record), *described;
	const char *name, *end, *unit = cgroup;
	bool found = false;
	int length;

	if (!cgroup || !strcmp(cgroup, "/")) {
		free(cgroup);
		return text_copy("");
	}
	length = (int)strlen(cgroup);
	for (name = cgroup; *name && !found; name = end + (*end == '/')) {
		end = name + strcspn(name, "/");
		found = is_container(name);
		if (found || is_unit(name, (size_t)(end - name))) {
			unit = name;
			length = (int)(end - name);
		}
	}
	described = text("%.*s", length, unit);
	free(cgroup);
	return described;
}

/* Returns "-" if the requester had no executable. */
char *describe_exe(const struct record *record)
{
	const char *exe = record_text(record, "exe");

	return exe && *exe ? describe_name(record, "exe") : text_copy("-");
}
