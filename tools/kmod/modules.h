/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modules of a kernel, by libkmod.
 */
#ifndef MODULES_H
#define MODULES_H

#include "kmodctl.h"
#include "policy_glob.h"

struct kmod_ctx;

/* A line of modules.alias, of modules.builtin.alias, or of modprobe.d. */
struct alias {
	char *pattern;
	char *module;
	struct glob glob;
};

/* A module, and those that are loaded with it. */
struct depends {
	char *module;
	char *needs;		/* the paths of the needed modules, separated by spaces */
};

struct modules {
	struct kmod_ctx *ctx;
	struct alias *aliases;
	size_t nr_aliases;
	struct depends *depends;
	size_t nr_depends;
	char *directory;
};

enum module_state {
	NOT_FOUND,
	NOT_LOADED,
	LOADED,
	BUILT_IN,
};

/* A module and its users, at this moment. */
struct module_use {
	enum module_state state;
	int references;		/* including those of @holders */
	char *holders;		/* names, separated by spaces */
};

bool modules_open(struct modules *modules, const struct options *options);
void modules_close(struct modules *modules);
bool modules_know(const struct modules *modules, const struct glob *glob);
char **modules_lookup(const struct modules *modules, const char *alias, bool needed);
bool module_is_builtin(const struct modules *modules, const char *name);
bool module_needs(const struct depends *depends, const char *module);
void module_use(const struct modules *modules, const char *name, struct module_use *use);
bool is_same_name(const char *a, const char *b);
void free_names(char **names);
void add_name(char ***names, const char *name);

#endif /* MODULES_H */
