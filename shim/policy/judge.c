// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's side: its sources, unmodified, and the functions that they call.
 */
#include "stubs.h"

#include "fuzz.h"

#include "rules.c"
#include "qualifiers.c"

const char *const autoload_kinds[AUTOLOAD_KINDS] = { "alias", "module", "helper" };
struct mutex autoload_mutex;

static const struct input *current_input;

bool autoload_is_locked(void)
{
	return false;
}

bool autoload_current_has_cap(int cap)
{
	return !current_input->other_userns && current_input->capabilities >> cap & 1;
}

int autoload_requester_find_cgroup(struct autoload_requester *by)
{
	by->cgroup = (char *)current_input->cgroup;
	return 0;
}

bool kernel_load(const char *text)
{
	return !autoload_rules_set(text, strlen(text));
}

enum verdict kernel_judge(const struct input *input, char place[PLACE_SIZE])
{
	struct autoload_requester by = {
		.uid = input->uid,
		.init_userns = !input->other_userns,
		.kthread = input->kthread,
	};

	static_assert(PLACE_SIZE >= AUTOLOAD_RULE_SIZE);
	current_input = input;
	switch (autoload_rules_match(input->module ? AUTOLOAD_MODULE : AUTOLOAD_ALIAS,
				     input->name, &by, place)) {
	case AUTOLOAD_NONE:
		return NO_RULE;
	case AUTOLOAD_ALLOW:
		return ALLOWED;
	case AUTOLOAD_DENY:
		return DENIED;
	default:
		abort();
	}
}
