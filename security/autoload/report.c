// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports of denials: the kernel log, audit records and a tracepoint. All have the same
 * keys in the same order. The log and audit records omit keys that a kind does not have.
 */
#define pr_fmt(fmt) "autoload: " fmt

#include <linux/audit.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/string_helpers.h>

#include <trace/misc/umh.h>

#include "autoload.h"

#define CREATE_TRACE_POINTS
#include <trace/events/autoload.h>

/* printk() truncates longer lines. */
#define AUTOLOAD_LINE_MAX	940

/* Maximum length of an escaped string, so that a line has room for all keys */
#define AUTOLOAD_PATH_MAX	255

const char *const autoload_kinds[AUTOLOAD_KINDS] = {
	[AUTOLOAD_ALIAS] = "alias",
	[AUTOLOAD_MODULE] = "module",
	[AUTOLOAD_HELPER] = "helper",
};

static struct ratelimit_state autoload_ratelimits[AUTOLOAD_KINDS] = {
	[0 ... AUTOLOAD_KINDS - 1] =
		RATELIMIT_STATE_INIT(autoload_ratelimits, DEFAULT_RATELIMIT_INTERVAL,
				     DEFAULT_RATELIMIT_BURST),
};

/*
 * struct autoload_line - a line of the kernel log
 * @len: length of @text
 * @text: the line, with a NUL
 */
struct autoload_line {
	size_t len;
	char text[AUTOLOAD_LINE_MAX + 1];
};

static __printf(2, 3)
void autoload_line_printf(struct autoload_line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line->len += vscnprintf(line->text + line->len, sizeof(line->text) - line->len, fmt,
				args);
	va_end(args);
}

/* Adds as many escaped bytes as fit. @string may be NULL. */
static void autoload_line_add(struct autoload_line *line, const char *key, const char *string)
{
	size_t end, n;
	char escaped[4];

	if (!string)
		return;
	autoload_line_printf(line, " %s=", key);
	end = min(line->len + AUTOLOAD_PATH_MAX, sizeof(line->text) - 1);
	for (; *string; string++) {
		n = string_escape_mem(string, 1, escaped, sizeof(escaped), UMH_ESCAPE_FLAGS,
				      UMH_ESCAPE_ALSO);
		if (line->len + n > end)
			break;
		memcpy(line->text + line->len, escaped, n);
		line->len += n;
	}
	line->text[line->len] = '\0';
}

static void autoload_line_fill(struct autoload_line *line, const struct autoload_denial *d)
{
	const struct autoload_requester *by = d->by;

	autoload_line_printf(line, "%s: kind=%s", d->enforced ? "denied" : "would deny",
			     autoload_kinds[d->kind]);
	autoload_line_add(line, "name", d->name);
	autoload_line_add(line, "rule", d->rule);
	autoload_line_printf(line, " pid=%d", by->pid);
	if (d->kind != AUTOLOAD_HELPER)
		autoload_line_printf(line, " uid=%u auid=%u", by->uid, by->loginuid);
	if (d->kind == AUTOLOAD_ALIAS)
		autoload_line_printf(line, " caps=%llx userns=%s kthread=%d", by->caps,
				     by->init_userns ? "init" : "other", by->kthread);
	autoload_line_add(line, "comm", by->comm);
	autoload_line_add(line, "exe", by->exe);
	autoload_line_add(line, "cgroup", by->cgroup);
}

static void autoload_log(const struct autoload_denial *d)
{
	struct autoload_line *line;

	if (!__ratelimit(&autoload_ratelimits[d->kind]))
		return;
	line = kzalloc(sizeof(*line), GFP_KERNEL);
	if (!line)
		return;
	autoload_line_fill(line, d);
	pr_notice("%s\n", line->text);
	kfree(line);
}

static void autoload_audit_string(struct audit_buffer *ab, const char *key, const char *string)
{
	if (!string)
		return;
	audit_log_format(ab, " %s=", key);
	audit_log_untrustedstring(ab, string);
}

/* Must not wait for the audit daemon, since a denied user could cause long waits. */
static void autoload_audit(const struct autoload_denial *d)
{
	const struct autoload_requester *by = d->by;
	struct audit_buffer *ab;

	if (!audit_enabled)
		return;
	ab = audit_log_start(audit_context(), GFP_ATOMIC | __GFP_NOWARN,
			     AUDIT_KERN_MODULE);
	if (!ab)
		return;
	audit_log_format(ab, "op=autoload kind=%s", autoload_kinds[d->kind]);
	autoload_audit_string(ab, "name", d->name);
	autoload_audit_string(ab, "rule", d->rule);
	audit_log_format(ab, " pid=%d", by->pid);
	if (d->kind != AUTOLOAD_HELPER)
		audit_log_format(ab, " uid=%u auid=%u", by->uid, by->loginuid);
	if (d->kind == AUTOLOAD_ALIAS)
		audit_log_format(ab, " caps=%llx userns=%s kthread=%d", by->caps,
				 by->init_userns ? "init" : "other", by->kthread);
	autoload_audit_string(ab, "comm", by->comm);
	autoload_audit_string(ab, "exe", by->exe);
	autoload_audit_string(ab, "cgroup", by->cgroup);
	audit_log_format(ab, " res=0");
	audit_log_end(ab);
}

/**
 * autoload_report - report a denial
 * @denial: the denial
 *
 * A denial that is not enforced is only traced, and in the case of a helper also logged.
 *
 * Context: process context, may sleep.
 */
void autoload_report(const struct autoload_denial *denial)
{
	trace_autoload_deny(denial);
	if (denial->enforced || denial->kind == AUTOLOAD_HELPER)
		autoload_log(denial);
	if (denial->enforced)
		autoload_audit(denial);
}

#ifdef CONFIG_SECURITY_AUTOLOAD_KUNIT_TEST
#include "tests/report_kunit.c"
#endif
