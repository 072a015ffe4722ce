/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The effect of a rule on this machine.
 */
#ifndef POLICY_IMPACT_H
#define POLICY_IMPACT_H

#include "journal.h"
#include "modules.h"

/* The known modules and requests of this machine. */
struct machine {
	struct modules modules;
	struct journal requests;
	struct journal loads;
	bool has_modules;
	bool is_running;	/* the modules of the running kernel, not those of --root */
};

void machine_open(struct machine *machine, const struct options *options);
void machine_close(struct machine *machine);
char **modules_of_rule(const struct machine *machine, const char *pattern, bool module);
void impact_print(const struct machine *machine, const char *module);
void requesters_print(const struct machine *machine, const char *pattern, char *const *modules);
struct json_object *json_of_impact(const struct machine *machine, const char *module);
struct json_object *json_of_requesters(const struct machine *machine, const char *pattern,
				       char *const *modules);
void module_print(const struct modules *modules, const char *module);
bool concerns(const struct machine *machine, const struct record *request,
	      const struct glob *pattern, char *const *modules);
void json_add_use(struct json_object *object, const struct machine *machine, const char *module);
bool is_module_only(const struct machine *machine, const char *pattern);
bool is_in_kernel(const struct machine *machine, const char *module);

#endif /* POLICY_IMPACT_H */
