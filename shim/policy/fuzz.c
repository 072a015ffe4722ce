// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of policies: the kernel and kmodctl must accept the same texts, and name the same
 * rule for a request. An input consists of three bytes that describe the requester, a line
 * with a name, a line with a control group, and the policy.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"

#include "fuzz.h"

#define NAME_MAX_LEN	55
#define TEXT_MAX	4096

static const uid_t uids[] = { 0, 1, 7, 999, 1000, 1001, 59999, 65534, 4294967294 };

/* Removes the first line from the data. Returns false if it has no valid line. */
static bool take_line(const uint8_t **data, size_t *size, char *line, size_t max)
{
	const uint8_t *end = memchr(*data, '\n', *size);
	size_t length = end ? (size_t)(end - *data) : 0;

	if (!end || length > max || memchr(*data, '\0', length))
		return false;
	memcpy(line, *data, length);
	line[length] = '\0';
	*data += length + 1;
	*size -= length + 1;
	return true;
}

static bool take_input(struct input *input, const uint8_t *data, size_t size)
{
	static char name[NAME_MAX_LEN + 1], cgroup[TEXT_MAX], text[TEXT_MAX + 2];

	if (size < 3)
		return false;
	*input = (struct input){
		.module = data[0] & 1,
		.other_userns = data[0] & 2,
		.kthread = data[0] & 4,
		.uid = uids[data[1] % (sizeof(uids) / sizeof(*uids))],
		.capabilities = data[2] & 0x80 ? ~0ULL : 1ULL << (data[2] % 41),
		.name = name, .cgroup = cgroup, .policy = text,
	};
	data += 3;
	size -= 3;
	if (!take_line(&data, &size, name, NAME_MAX_LEN) ||
	    !take_line(&data, &size, cgroup, TEXT_MAX - 1) || *cgroup != '/' ||
	    size > TEXT_MAX || memchr(data, '\0', size))
		return false;
	memcpy(text, data, size);
	memcpy(text + size, "\n", 2);
	return true;
}

static void fail(const struct input *input, const char *what, const char *kernel,
		 const char *kmodctl)
{
	printf("%s: the kernel: %s, kmodctl: %s\n%s '%s', uid %u, capabilities %#llx, userns %s, kthread %d, cgroup '%s'\n%s",
	       what, kernel, kmodctl, input->module ? "module" : "alias", input->name, input->uid,
	       (unsigned long long)input->capabilities, input->other_userns ? "other" : "init",
	       input->kthread, input->cgroup, input->policy);
	fflush(stdout);
	abort();
}

static const char *const verdicts[] = { "no rule", "allow", "deny" };

/* The kernel prints the place without the word "line". */
static void compare(const struct input *input, const struct rules *rules)
{
	struct requester requester = {
		.uid = input->uid,
		.capabilities = input->capabilities,
		.other_userns = input->other_userns,
		.cgroup = input->cgroup,
		.kthread = input->kthread,
	};
	const struct placed_rule *rule = rules_match(rules, input->module, input->name,
						     &requester);
	enum verdict expected = !rule ? NO_RULE : rule->rule.allow ? ALLOWED : DENIED;
	char place[PLACE_SIZE];
	enum verdict verdict = kernel_judge(input, place);
	char *described;

	if (verdict != expected)
		fail(input, "verdict", verdicts[verdict], verdicts[expected]);
	if (verdict != DENIED)
		return;
	described = describe_place(rule);
	if (strcmp(place, described + (strncmp(described, "line ", 5) ? 0 : 5)))
		fail(input, "place", place, described);
	free(described);
}

/* Suppresses kmodctl's message about each malformed line. */
void __wrap_complain(const char *format, ...);
void __wrap_complain(const char *format, ...)
{
	(void)format;
}

/* rules_parse() expects a text from the kernel, in which each line "file" has a path. */
static bool has_bad_origin(const struct bytes *text)
{
	char *copy = text_copy(text->data), *rest = copy, *line, *path;
	bool bad = false;

	while ((line = strsep(&rest, "\n"))) {
		path = NULL;
		bad |= is_origin(line, &path) && !path;
		free(path);
	}
	free(copy);
	return bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = { 0 };
	struct rules rules;
	struct input input;
	bool loaded, accepted;

	if (!take_input(&input, data, size))
		return -1;
	loaded = kernel_load(input.policy);
	/* Without the last newline, after which rules_parse() would find an empty line */
	bytes_add(&text, input.policy, strlen(input.policy) - 1);
	accepted = !has_bad_origin(&text);
	rules_parse(&rules, &text);
	accepted &= !rules.trouble;
	if (loaded != accepted)
		fail(&input, "load", loaded ? "accepts" : "rejects",
		     accepted ? "accepts" : "rejects");
	if (loaded)
		compare(&input, &rules);
	rules_free(&rules);
	bytes_free(&text);
	return 0;
}
