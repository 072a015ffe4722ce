// SPDX-License-Identifier: GPL-2.0-only
/*
 * The qualifiers of alias rules: which requesters a rule applies to.
 */
#include <linux/array_size.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "autoload.h"

#define AUTOLOAD_EXPECTED_QUALIFIER \
	"expected 'uid', 'cap', 'userns', 'cgroup', 'kthread' or the end of the line"

/* Maximum length of a pattern. Bounds the time that matching takes. */
#define AUTOLOAD_CGROUP_MAX	255

#define AUTOLOAD_CAP_PREFIX	"cap_"

/* Names as in include/uapi/linux/capability.h, in lower case and without the prefix */
static const char *const autoload_caps[] = {
	[CAP_CHOWN] = "chown",
	[CAP_DAC_OVERRIDE] = "dac_override",
	[CAP_DAC_READ_SEARCH] = "dac_read_search",
	[CAP_FOWNER] = "fowner",
	[CAP_FSETID] = "fsetid",
	[CAP_KILL] = "kill",
	[CAP_SETGID] = "setgid",
	[CAP_SETUID] = "setuid",
	[CAP_SETPCAP] = "setpcap",
	[CAP_LINUX_IMMUTABLE] = "linux_immutable",
	[CAP_NET_BIND_SERVICE] = "net_bind_service",
	[CAP_NET_BROADCAST] = "net_broadcast",
	[CAP_NET_ADMIN] = "net_admin",
	[CAP_NET_RAW] = "net_raw",
	[CAP_IPC_LOCK] = "ipc_lock",
	[CAP_IPC_OWNER] = "ipc_owner",
	[CAP_SYS_MODULE] = "sys_module",
	[CAP_SYS_RAWIO] = "sys_rawio",
	[CAP_SYS_CHROOT] = "sys_chroot",
	[CAP_SYS_PTRACE] = "sys_ptrace",
	[CAP_SYS_PACCT] = "sys_pacct",
	[CAP_SYS_ADMIN] = "sys_admin",
	[CAP_SYS_BOOT] = "sys_boot",
	[CAP_SYS_NICE] = "sys_nice",
	[CAP_SYS_RESOURCE] = "sys_resource",
	[CAP_SYS_TIME] = "sys_time",
	[CAP_SYS_TTY_CONFIG] = "sys_tty_config",
	[CAP_MKNOD] = "mknod",
	[CAP_LEASE] = "lease",
	[CAP_AUDIT_WRITE] = "audit_write",
	[CAP_AUDIT_CONTROL] = "audit_control",
	[CAP_SETFCAP] = "setfcap",
	[CAP_MAC_OVERRIDE] = "mac_override",
	[CAP_MAC_ADMIN] = "mac_admin",
	[CAP_SYSLOG] = "syslog",
	[CAP_WAKE_ALARM] = "wake_alarm",
	[CAP_BLOCK_SUSPEND] = "block_suspend",
	[CAP_AUDIT_READ] = "audit_read",
	[CAP_PERFMON] = "perfmon",
	[CAP_BPF] = "bpf",
	[CAP_CHECKPOINT_RESTORE] = "checkpoint_restore",
};

static_assert(ARRAY_SIZE(autoload_caps) == CAP_LAST_CAP + 1);

static const char *const autoload_usernses[] = {
	[AUTOLOAD_USERNS_ANY] = "",
	[AUTOLOAD_USERNS_INIT] = "init",
	[AUTOLOAD_USERNS_OTHER] = "other",
};

/**
 * autoload_next_word - split off the next word of a line
 * @line: the line; set to its rest, or to NULL at its end
 *
 * Context: any.
 * Return: the word, or NULL at the end of the line.
 */
char *autoload_next_word(char **line)
{
	char *word;

	do {
		word = strsep(line, " \t");
	} while (word && !*word);
	return word;
}

static bool autoload_parse_uid(const char *word, uid_t *uid)
{
	return isdigit(*word) && !kstrtouint(word, 10, uid) && uid_valid(KUIDT_INIT(*uid));
}

/* The parsers return an error message, or NULL. They take their arguments from the line. */
static const char *autoload_qualifier_uid(struct autoload_qualifiers *q, char **line)
{
	char *last = autoload_next_word(line);
	char *first = strsep(&last, "-");

	if (!first || !autoload_parse_uid(first, &q->uid_first) ||
	    !autoload_parse_uid(last ?: first, &q->uid_last) || q->uid_first > q->uid_last)
		return "expected a user id or a range of user ids after 'uid'";
	return NULL;
}

static const char *autoload_qualifier_cap(struct autoload_qualifiers *q, char **line)
{
	const char *word = autoload_next_word(line);
	int cap;

	if (word)
		word += str_has_prefix(word, AUTOLOAD_CAP_PREFIX);
	cap = match_string(autoload_caps, ARRAY_SIZE(autoload_caps), word ?: "");
	if (cap < 0)
		return "expected the name of a capability after 'cap'";
	q->caps |= BIT_ULL(cap);
	return NULL;
}

static const char *autoload_qualifier_userns(struct autoload_qualifiers *q, char **line)
{
	const char *word = autoload_next_word(line);
	int userns = match_string(autoload_usernses, ARRAY_SIZE(autoload_usernses), word ?: "");

	if (userns <= AUTOLOAD_USERNS_ANY)
		return "expected 'init' or 'other' after 'userns'";
	q->userns = userns;
	return NULL;
}

static bool autoload_cgroup_glob_is_valid(const char *glob)
{
	if (strlen(glob) > AUTOLOAD_CGROUP_MAX || (*glob != '/' && strncmp(glob, "**", 2)))
		return false;
	for (; *glob; glob++) {
		if (!isascii(*glob) || !isgraph(*glob) || *glob == '[' ||
		    !strncmp(glob, "***", 3))
			return false;
		if (*glob == '\\' && (!isascii(*++glob) || !isgraph(*glob)))
			return false;
	}
	return true;
}

static const char *autoload_qualifier_cgroup(struct autoload_qualifiers *q, char **line)
{
	const char *word = autoload_next_word(line);

	if (!IS_ENABLED(CONFIG_CGROUPS))
		return "'cgroup' needs a kernel with CONFIG_CGROUPS";
	if (!word || !autoload_cgroup_glob_is_valid(word))
		return "missing or malformed pattern after 'cgroup'";
	q->cgroup = word;
	return NULL;
}

static const char *autoload_qualifier_kthread(struct autoload_qualifiers *q, char **line)
{
	q->kthread = true;
	return NULL;
}

static const struct {
	const char *name;
	const char *(*parse)(struct autoload_qualifiers *q, char **line);
	bool may_repeat;
} autoload_qualifiers[] = {
	{ "uid", autoload_qualifier_uid },
	{ "cap", autoload_qualifier_cap, .may_repeat = true },
	{ "userns", autoload_qualifier_userns },
	{ "cgroup", autoload_qualifier_cgroup },
	{ "kthread", autoload_qualifier_kthread },
};

/**
 * autoload_qualifiers_parse - parse the rest of an alias rule
 * @q: zeroed; set to the qualifiers, which point into @line
 * @line: text after the pattern, or NULL. It is modified.
 *
 * Context: any.
 * Return: an error message, or NULL.
 */
const char *autoload_qualifiers_parse(struct autoload_qualifiers *q, char *line)
{
	unsigned int seen = 0;
	const char *word, *error;
	size_t i;

	q->uid_last = UINT_MAX;
	while ((word = autoload_next_word(&line))) {
		for (i = 0; i < ARRAY_SIZE(autoload_qualifiers); i++)
			if (!strcmp(autoload_qualifiers[i].name, word))
				break;
		if (i == ARRAY_SIZE(autoload_qualifiers))
			return AUTOLOAD_EXPECTED_QUALIFIER;
		if (seen & BIT(i) && !autoload_qualifiers[i].may_repeat)
			return "repeated qualifier";
		seen |= BIT(i);
		error = autoload_qualifiers[i].parse(q, &line);
		if (error)
			return error;
	}
	q->none = !seen;
	return NULL;
}

/* A position to backtrack to, where the star then matches one more byte */
struct autoload_star {
	const char *glob;	/* after the star, NULL if there was none */
	const char *path;	/* after the text that the star matches */
};

/* Matches up to the next star of the pattern. Advances both to that star or a difference. */
static bool autoload_cgroup_step(const char **glob, const char **path)
{
	for (; **glob && **glob != '*'; ++*glob, ++*path) {
		if (!strcmp(*glob, "/**") && !**path) {
			*glob += 3;
			return true;
		}
		if (!**path || (**glob == '?' && **path == '/'))
			return false;
		if (**glob == '?')
			continue;
		if (**glob == '\\')
			++*glob;
		if (**glob != **path)
			return false;
	}
	return **glob || !**path;
}

/*
 * '*' matches any string without '/', '**' any string. Backtracks to the last star of each
 * kind only: text that an earlier star could match can be matched by the last one.
 */
static bool autoload_cgroup_matches(const char *glob, const char *path)
{
	struct autoload_star one = { }, any = { };

	for (;;) {
		if (autoload_cgroup_step(&glob, &path)) {
			if (!*glob)
				return true;
			if (glob[1] == '*') {
				glob += 2;
				any = (struct autoload_star) { glob, path };
				one.glob = NULL;
			} else {
				glob++;
				one = (struct autoload_star) { glob, path };
			}
			continue;
		}
		if (one.glob && *one.path && *one.path != '/') {
			one.path++;
			glob = one.glob;
			path = one.path;
		} else if (any.glob && *any.path) {
			any.path++;
			one.glob = NULL;
			glob = any.glob;
			path = any.path;
		} else {
			return false;
		}
	}
}

static bool autoload_current_has_caps(u64 caps)
{
	int cap;

	for (cap = 0; caps; cap++, caps >>= 1)
		if (caps & 1 && !autoload_current_has_cap(cap))
			return false;
	return true;
}

/**
 * autoload_qualifiers_match - check whether a rule applies to the current task
 * @q: qualifiers of the rule
 * @by: description of the current task
 *
 * Context: any.
 * Return: 1 if all qualifiers match, 0 if one does not, -EAGAIN if that depends on the
 * control group and @by does not have it.
 */
int autoload_qualifiers_match(const struct autoload_qualifiers *q,
			      const struct autoload_requester *by)
{
	if (q->none)
		return 1;
	if (by->uid < q->uid_first || by->uid > q->uid_last || (q->kthread && !by->kthread) ||
	    (q->userns == AUTOLOAD_USERNS_INIT && !by->init_userns) ||
	    (q->userns == AUTOLOAD_USERNS_OTHER && by->init_userns) ||
	    !autoload_current_has_caps(q->caps))
		return 0;
	if (!q->cgroup)
		return 1;
	return by->cgroup ? autoload_cgroup_matches(q->cgroup, by->cgroup) : -EAGAIN;
}

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/qualifiers_kunit.c"
#endif
